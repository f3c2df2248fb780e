//! Lines that came after their record was kept: what of its facts and evidence is made again.

use super::cut::Cuts;
use super::{KeepError, Pipeline};
use crate::draft::{Draft, Late};
use crate::policy::twins::MadeFrom;
use crate::shared::lock;
use crate::store::{LateCase, LateRecord, NewIncident, Whole};
use log_follow::Disk;

impl<D: Disk> Pipeline<D> {
    /// A record that went on, with facts and evidence where those will be used.
    pub(super) fn late_record(
        &self,
        draft: &mut Draft,
        index: usize,
        cuts: &mut Cuts,
    ) -> Result<LateRecord, KeepError> {
        let Late { old_key, whole, text, made_from } = &mut draft.late[index];
        let mut record = LateRecord { old_key: old_key.clone(), whole: None, text: text.clone() };
        let Some(first) = whole else { return Ok(record) };
        let mut again = Whole {
            key: first.key.clone(),
            was: made_from.clone().unwrap_or_else(|| MadeFrom {
                file: first.line.file.clone(),
                start: first.line.bytes.0,
                pid: first.line.pid,
                logger: first.line.logger.clone(),
            }),
            new: NewIncident::known(),
        };
        record.whole = Some(again.clone());
        let is_used = {
            let store = lock(&self.shared.store);
            match store.late_case(&record)? {
                LateCase::Replace => true,
                LateCase::Move => !store.knows(&first.key)?,
                LateCase::Tell | LateCase::Nothing => false,
            }
        };
        if is_used {
            if first.new.is_none() {
                match self.new_incident(first, draft.evidence_failures, cuts) {
                    Ok((new, archive)) => (first.new, first.archive) = (Some(new), Some(archive)),
                    Err(source) => {
                        draft.evidence_failures += 1;
                        return Err(KeepError::Evidence { folder: self.spool.clone(), source });
                    }
                }
            }
            again.new = first.new.clone().unwrap_or_default();
            record.whole = Some(again);
        }
        Ok(record)
    }
}
