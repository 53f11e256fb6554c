//! What each rule demanded when it signed first, so that its name and version never mean two things.
//!
//! The digest is written in the step that signs the first claim by a rule: one that never signed may change
//! freely. Books that an older program wrote have claims and no digest: a start then notes the present one.

use super::audit::{Deed, End};
use super::row::{RuleRow, read};
use super::{Ledger, LedgerError, Order, PAGE, put, rule};
use crate::ground::books::{Change, Expect};
use countersign_protocol::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

impl Ledger {
    /// Gives the digest of what each rule demands that ever signed, by `name/version`.
    ///
    /// # Errors
    ///
    /// Returns what the books return.
    pub fn rules(&self) -> Result<BTreeMap<String, String>, LedgerError> {
        let mut rules = BTreeMap::new();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let rows = self.books.rows(RULES, after.as_deref(), PAGE)?;
            let Some((last, _)) = rows.last() else { return Ok(rules) };
            after = Some(last.clone());
            for (name, bytes) in rows {
                let RuleRow { digest } = read(&bytes, WHAT)?;
                rules.insert(String::from_utf8_lossy(&name).into_owned(), digest);
            }
        }
    }

    /// Notes what `rules` demand, by `name/version`, where they signed before the books noted that.
    ///
    /// # Errors
    ///
    /// Returns what the books return.
    pub fn define_used(
        &self,
        mut rules: BTreeMap<String, String>,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let _writer = self.write_alone();
        let known = self.rules()?;
        rules.retain(|rule, _| !known.contains_key(rule));
        if rules.is_empty() {
            return Ok(());
        }
        let mut used = BTreeSet::new();
        self.each(|issued| {
            let _new = used.insert(issued.rule());
        })?;
        rules.retain(|rule, _| used.contains(rule));
        if rules.is_empty() {
            return Ok(());
        }
        let mut end = End::of(&*self.books, None)?;
        let mut changes = Vec::new();
        for (rule, digest) in rules {
            changes.extend(define(rule, digest, &mut end, now)?);
        }
        Ok(self.books.write(changes)?)
    }

    /// Checks that the rule of an order demands what it did when it signed first, if it did.
    pub(super) fn check_order(&self, order: &Order) -> Result<(), LedgerError> {
        let Some(demands) = &order.demands else { return Ok(()) };
        let rule = rule(&order.evidence);
        match self.digest(&rule)? {
            Some(digest) if digest != *demands => Err(LedgerError::RuleChanged { rule }),
            Some(_) | None => Ok(()),
        }
    }

    /// Makes the changes that note what the rule of an order demands, if it signs for the first time.
    pub(super) fn defined(
        &self,
        order: &Order,
        end: &mut End,
        now: Timestamp,
    ) -> Result<Vec<Change>, LedgerError> {
        let rule = rule(&order.evidence);
        match &order.demands {
            Some(digest) if self.digest(&rule)?.is_none() => define(rule, digest.clone(), end, now),
            Some(_) | None => Ok(Vec::new()),
        }
    }

    fn digest(&self, rule: &str) -> Result<Option<String>, LedgerError> {
        let Some(bytes) = self.books.row(RULES, rule.as_bytes())? else { return Ok(None) };
        let RuleRow { digest } = read(&bytes, WHAT)?;
        Ok(Some(digest))
    }
}

fn define(
    rule: String,
    digest: String,
    end: &mut End,
    now: Timestamp,
) -> Result<Vec<Change>, LedgerError> {
    let row = RuleRow { digest: digest.clone() };
    let row = put(RULES, rule.clone().into_bytes(), Expect::Nothing, &row)?;
    Ok(vec![row, end.add(now, Deed::Defined { rule, digest })?])
}

pub(super) const RULES: &str = "attestor.rules";
const WHAT: &str = "what a rule demands";
