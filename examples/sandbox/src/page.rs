//! The browsable page: what the hotel's data looks like in the CRM.

use crate::portal::Portal;

/// The page at a path; `None` when there is none.
pub(crate) fn page(_portal: &Portal, _path: &str) -> Option<String> {
    None
}
