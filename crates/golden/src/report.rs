//! The report: a table for people, an object for machines.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::failures::Failure;
use crate::metrics::{Figures, Share};
use crate::perturbation::Perturbation;

/// The figures of the causes that rules may be tuned on, of the others, and of all.
#[derive(Clone, Debug)]
pub struct Report {
    /// Rules may be tuned on these.
    pub tuned: Figures,
    /// On these they may not.
    pub held_out: Figures,
    /// Both.
    pub all: Figures,
    /// What went wrong, as far as it may be shown.
    pub failures: Vec<Failure>,
}

impl Report {
    /// Targets that are missed.
    pub fn missed(&self) -> Vec<String> {
        self.all.missed()
    }

    /// The table.
    pub fn table(&self) -> String {
        let mut out = String::new();
        let mut row = |cells: [&str; 5]| {
            let [name, tuned, held_out, all, target] = cells;
            let line = format!("{name:<32}{tuned:>16}{held_out:>16}{all:>16}   {target}");
            writeln!(out, "{}", line.trim_end()).expect("a string takes everything");
        };
        row(["", "tuned", "held out", "all", "target"]);
        for (name, of, target) in self.rows() {
            let [tuned, held_out, all] = [&self.tuned, &self.held_out, &self.all].map(&of);
            row([&name, &tuned, &held_out, &all, target]);
        }
        out
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        let mut row = |name: &str, target: &'static str, of: fn(&Figures) -> String| {
            rows.push((name.to_owned(), Box::new(of), target));
        };
        row("causes", "", |f| f.causes.to_string());
        row("twins", "", |f| f.twins.to_string());
        row("records", "", |f| f.records.to_string());
        row("B-cubed precision", ">= 0.99", |f| figure(f.precision));
        row("B-cubed recall", ">= 0.97", |f| figure(f.recall));
        row("B-cubed F1", "", |f| figure(f.f1()));
        row("recall with torn records", "", |f| figure(f.recall_of_all));
        row("signatures of a cause (spray)", "", |f| spread(&f.spray));
        row("causes in a signature (lump)", "", |f| spread(&f.lump));
        row("one title per signature", "= 1.000", |f| share(Some(&f.one_title)));
        row("titles within 80 characters", "= 1.000", |f| share(Some(&f.short_title)));
        row("titles without secret or path", "= 1.000", |f| share(Some(&f.clean_title)));
        row("sensitivity to twins", ">= 0.98", |f| share(Some(&f.sensitivity)));
        for kind in self.all.sensitivity_by_kind.keys() {
            let kind = kind.clone();
            let name = format!("  {kind}");
            rows.push((name, Box::new(move |f| counts(f.sensitivity_by_kind.get(&kind))), ""));
        }
        rows.push(("stability".to_owned(), Box::new(|_| String::new()), ""));
        for by in Perturbation::all() {
            let target = if by.must_hold() { "= 1.000" } else { "" };
            rows.push((format!("  {}", by.name()), Box::new(move |f| share(f.stability.get(&by))), target));
        }
        rows
    }

    /// The failures, one paragraph each.
    pub fn failures(&self) -> String {
        let mut out = String::new();
        for failure in &self.failures {
            writeln!(out, "{} {}: {}", failure.kind, failure.cause, failure.with)
                .expect("a string takes everything");
            for line in &failure.detail {
                writeln!(out, "    {line}").expect("a string takes everything");
            }
        }
        out
    }

    /// Everything for machines.
    pub fn json(&self) -> Value {
        let failures: Vec<Value> = self
            .failures
            .iter()
            .map(|failure| {
                json!({
                    "cause": failure.cause,
                    "kind": failure.kind,
                    "with": failure.with,
                    "detail": failure.detail,
                })
            })
            .collect();
        json!({
            "algorithm": sgtk_log::ALGORITHM,
            "tuned": figures(&self.tuned),
            "held_out": figures(&self.held_out),
            "all": figures(&self.all),
            "missed": self.missed(),
            "failures": failures,
        })
    }
}

/// Name, what it takes of the figures, target.
type Row = (String, Box<dyn Fn(&Figures) -> String>, &'static str);

fn figure(value: f64) -> String {
    format!("{value:.4}")
}

fn share(share: Option<&Share>) -> String {
    share.filter(|share| share.all > 0).map_or("-".to_owned(), |share| figure(share.value()))
}

fn counts(share: Option<&Share>) -> String {
    share.map_or("-".to_owned(), |share| format!("{}/{}", share.good, share.all))
}

/// `198×1 2×3`: 198 with one, 2 with three.
fn spread(counts: &BTreeMap<usize, usize>) -> String {
    let all: Vec<String> = counts.iter().map(|(size, times)| format!("{times}×{size}")).collect();
    all.join(" ")
}

fn figures(figures: &Figures) -> Value {
    let shown = |share: &Share| json!({ "good": share.good, "all": share.all, "share": share.value() });
    let stability: BTreeMap<&str, Value> =
        figures.stability.iter().map(|(by, found)| (by.name(), shown(found))).collect();
    let twins: BTreeMap<&str, Value> =
        figures.sensitivity_by_kind.iter().map(|(kind, found)| (kind.as_str(), shown(found))).collect();
    json!({
        "causes": figures.causes,
        "twins": figures.twins,
        "records": figures.records,
        "precision": figures.precision,
        "recall": figures.recall,
        "f1": figures.f1(),
        "recall_of_all": figures.recall_of_all,
        "sensitivity": shown(&figures.sensitivity),
        "sensitivity_by_kind": twins,
        "stability": stability,
        "spray": figures.spray,
        "lump": figures.lump,
        "one_title": shown(&figures.one_title),
        "short_title": shown(&figures.short_title),
        "clean_title": shown(&figures.clean_title),
    })
}
