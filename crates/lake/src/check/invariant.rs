//! The numbered invariants of the lake, as `docs/storage-format.md` lists them.

use std::fmt;

macro_rules! invariants {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal;)*) => {
        /// What holds in every lake at every moment.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Invariant { $($(#[$doc])* $variant,)* }

        impl Invariant {
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            pub fn number(self) -> u8 {
                match self { $(Self::$variant => $number,)* }
            }

            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

invariants! {
    /// `holdfast.json` is there and has a format that this version reads.
    LakeIsNamed = 1, "lake_is_named";
    /// Each Org's folder has an `org.json` with the id that the folder says.
    OrgIsNamed = 2, "org_is_named";
    /// Each Manifest parses and is of the Run and the Org that its path says.
    ManifestIsWhole = 3, "manifest_is_whole";
    /// Each table version that a Manifest names exists: it is not above the table's newest.
    ManifestNamesKnownVersions = 4, "manifest_names_known_versions";
    /// Each describe that a Manifest names exists.
    ManifestNamesKnownDescribes = 5, "manifest_names_known_describes";
    /// Each log replays without a gap, and each checkpoint says what the log before it says.
    LogReplays = 6, "log_replays";
    /// The columns of a table are only appended to. Asserted by each commit.
    ColumnsOnlyGrow = 7, "columns_only_grow";
    /// Each data file of the newest state is there and has the size that the log says.
    DataFileIsThere = 8, "data_file_is_there";
    /// Each data file is Parquet, with the number of rows that the log says and columns that the table has.
    DataFileIsReadable = 9, "data_file_is_readable";
    /// Rows lie in strict order of `Id` and `_seq`, within the bounds that the log says.
    RowsAreInOrder = 10, "rows_are_in_order";
    /// Each `_schema` of a row names a describe that is there.
    RowNamesKnownDescribe = 11, "row_names_known_describe";
    /// Each body that a row names is there.
    RowNamesKnownBlob = 12, "row_names_known_blob";
    /// Each describe has the hash that its name says.
    DescribeIsItsHash = 13, "describe_is_its_hash";
    /// Each file body has the hash that its name says.
    BlobIsItsHash = 14, "blob_is_its_hash";
    /// Nothing lies in the lake that nothing names. Broken by any crash; cleaned after a grace time; no fault.
    NothingIsLeftOver = 15, "nothing_is_left_over";
    /// The values of each row have the hash that it says.
    RowIsItsHash = 16, "row_is_its_hash";
    /// Each Run that a Manifest names as the one before it, or that the catalog knows as its newest, has a Manifest.
    ManifestIsThere = 17, "manifest_is_there";
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number(), self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_lists_every_invariant_by_number_and_name() {
        let document = include_str!("../../../../docs/storage-format.md");
        for (index, invariant) in Invariant::ALL.iter().enumerate() {
            assert_eq!(usize::from(invariant.number()), index + 1);
            let row = format!("| {} | `{}` |", invariant.number(), invariant.name());
            assert!(document.contains(&row), "docs/storage-format.md lacks the row {row}");
        }
    }
}
