//! What is changed around a cause, alone or with others, and which of it every signature has to withstand.

/// A dimension that is changed.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(missing_docs, reason = "the fields of `World` say what they are")]
pub enum Perturbation {
    User,
    Host,
    System,
    Language,
    Install,
    SiteInstall,
    Cache,
    Config,
    BundleVersion,
    Python,
    Lines,
    Process,
    Time,
    Names,
    Numbers,
    Proxy,
    LineEnds,
    SplitReads,
    Source,
    Engine,
    Combined,
    CallPath,
    UnknownWords,
    Interleaving,
}

use Perturbation as P;

/// Every perturbation that is applied alone, as often as it is. Those with many values are applied more than once.
pub const SINGLES: [Perturbation; 30] = [
    P::User,
    P::Host,
    P::System,
    P::System,
    P::Language,
    P::Install,
    P::Install,
    P::Install,
    P::SiteInstall,
    P::Cache,
    P::Config,
    P::BundleVersion,
    P::Python,
    P::Python,
    P::Python,
    P::Lines,
    P::Process,
    P::Time,
    P::Names,
    P::Numbers,
    P::Proxy,
    P::LineEnds,
    P::SplitReads,
    P::Source,
    P::Engine,
    P::Engine,
    P::CallPath,
    P::CallPath,
    P::UnknownWords,
    P::Interleaving,
];

/// Perturbations that are drawn from when several are applied at once.
pub(crate) const COMBINED: [Perturbation; 19] = [
    P::User,
    P::Host,
    P::System,
    P::Language,
    P::Install,
    P::Cache,
    P::Config,
    P::BundleVersion,
    P::Python,
    P::Lines,
    P::Process,
    P::Time,
    P::Names,
    P::Numbers,
    P::Proxy,
    P::LineEnds,
    P::SplitReads,
    P::Source,
    P::Engine,
];

impl Perturbation {
    /// Every perturbation once, in the order of reports.
    pub fn all() -> Vec<Perturbation> {
        let mut all = SINGLES.to_vec();
        all.push(P::Combined);
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Name in reports.
    pub fn name(self) -> &'static str {
        match self {
            P::User => "user",
            P::Host => "host",
            P::System => "system",
            P::Language => "language",
            P::Install => "install",
            P::SiteInstall => "install on site",
            P::Cache => "bundle cache",
            P::Config => "configuration",
            P::BundleVersion => "bundle version",
            P::Python => "python",
            P::Lines => "line numbers",
            P::Process => "process",
            P::Time => "time",
            P::Names => "names",
            P::Numbers => "numbers",
            P::Proxy => "[PROXY]",
            P::LineEnds => "CRLF",
            P::SplitReads => "split reads",
            P::Source => "source text",
            P::Engine => "engine",
            P::Combined => "combined",
            P::CallPath => "call path",
            P::UnknownWords => "unknown words",
            P::Interleaving => "interleaving",
        }
    }

    /// Whether every variant has to keep the signature.
    ///
    /// Torn records have lost lines. Words nobody told the reader cannot be known for names. Whether another way to the same
    /// failure is another problem is a matter of opinion.
    pub fn must_hold(self) -> bool {
        !matches!(self, P::Interleaving | P::UnknownWords | P::CallPath)
    }
}
