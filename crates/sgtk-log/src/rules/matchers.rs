//! What a rule asks of a record.

use crate::level::Level;
use crate::rules::glob::{Case, Extent, Glob};
use crate::rules::subject::Subject;
use crate::rules::{RuleFault, RuleSpec};

/// All of them must fit; what is `None` is not asked.
#[derive(Clone, Debug)]
pub(crate) struct Matchers {
    pub(crate) levels: Option<Vec<Level>>,
    logger: Option<Glob>,
    engine: Option<Glob>,
    app: Option<Glob>,
    exception: Option<Glob>,
    message: Option<Glob>,
    frame: Option<Glob>,
}

impl Matchers {
    /// Checks what a rule asks for.
    pub(crate) fn new(spec: &RuleSpec) -> Result<Matchers, RuleFault> {
        let glob = |key: &str, pattern: &Option<String>, extent, case| {
            let compiled = pattern.as_deref().map(|pattern| Glob::new(pattern, extent, case)).transpose();
            compiled.map_err(|problem| RuleFault::at(key, problem))
        };
        if spec.levels.as_ref().is_some_and(Vec::is_empty) {
            return Err(RuleFault::at(
                "level",
                "names no level and can never match; name one or leave it out",
            ));
        }
        if let Some(frame) = spec.frame.as_deref()
            && !frame.contains(['#', '*'])
        {
            let problem =
                "can never match: a frame is `place#function`; write `*` for the part that does not matter";
            return Err(RuleFault::at("frame", problem));
        }
        let matchers = Matchers {
            levels: spec.levels.clone(),
            logger: glob("logger", &spec.logger, Extent::Beginning, Case::Ignored)?,
            engine: glob("engine", &spec.engine, Extent::Whole, Case::Ignored)?,
            app: glob("app", &spec.app, Extent::Whole, Case::Ignored)?,
            exception: glob("type", &spec.exception, Extent::Whole, Case::Ignored)?,
            message: glob("message", &spec.message, Extent::Beginning, Case::Counts)?,
            frame: glob("frame", &spec.frame, Extent::Whole, Case::Ignored)?,
        };
        let globs = [
            &matchers.logger,
            &matchers.engine,
            &matchers.app,
            &matchers.exception,
            &matchers.message,
            &matchers.frame,
        ];
        if matchers.levels.is_none() && globs.iter().all(|glob| glob.is_none()) {
            return Err(RuleFault::whole(
                "asks for nothing and would match every record; add `logger`, `level`, `type`, `message`, `frame`, `engine` or `app`",
            ));
        }
        Ok(matchers)
    }

    /// Cheap questions first: frames are taken apart only for records that everything else fits.
    pub(crate) fn match_all(&self, subject: &Subject<'_>) -> bool {
        let fits = |glob: &Option<Glob>, name: &dyn Fn() -> Option<String>| {
            glob.as_ref().is_none_or(|glob| name().is_some_and(|name| glob.matches(&name)))
        };
        self.levels.as_ref().is_none_or(|levels| subject.level().is_some_and(|level| levels.contains(&level)))
            && self.logger.as_ref().is_none_or(|glob| glob.matches(subject.logger()))
            && fits(&self.engine, &|| subject.engine())
            && fits(&self.app, &|| subject.app())
            && self
                .message
                .as_ref()
                .is_none_or(|glob| glob.matches(subject.message()) || glob.matches(subject.summary()))
            && self.exception.as_ref().is_none_or(|glob| subject.types().any(|name| glob.matches(&name)))
            && self.frame.as_ref().is_none_or(|glob| subject.frames().iter().any(|frame| glob.matches(frame)))
    }
}
