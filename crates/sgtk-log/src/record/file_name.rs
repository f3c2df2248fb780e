//! What the name of a log file says about the engine behind it.

/// Name or path of the log a record came from. `-` and the empty name say nothing.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct FileName<'a>(pub &'a str);

impl<'a> FileName<'a> {
    /// The name without folders, `.log` and what rotation and compression put behind it, where it begins as
    /// the names of Toolkit's logs do. What people save or send (`problem.log`) names no engine.
    ///
    /// `tk-maya.log`, `tk-maya.log.1`, `tk-maya.log.<uuid>` and `logs/tk-maya.log.gz` are all `tk-maya`.
    pub fn engine(self) -> Option<&'a str> {
        let name = self.0.rsplit(['/', '\\']).next().unwrap_or(self.0);
        let name = name.strip_suffix(".gz").unwrap_or(name);
        let stem = match name.rfind(".log") {
            Some(at) if name[at + 4..].is_empty() || name[at + 4..].starts_with('.') => &name[..at],
            _ => name.split('.').next().unwrap_or(name),
        };
        stem.strip_prefix("tk-").is_some_and(|rest| !rest.is_empty()).then_some(stem)
    }
}
