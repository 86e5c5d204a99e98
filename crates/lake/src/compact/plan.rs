//! Chooses which data files to merge. Pure.
//!
//! Files are leveled by size, each level `fan_in` times the one below. When among neighbours (in the order of the
//! versions that brought them) that lie on one level or below so many lie exactly on it, they become one. So a row
//! is rewritten about once per level; only many small files between larger ones are merged with these.

use crate::delta::AddFile;

/// Files below this are all on the lowest level.
const LOWEST_BYTES: u64 = 4 << 20;
/// Files merged at once; of each a page of every column is in memory.
const MOST_FILES: usize = 16;
/// So many times the fan-in of neighbours on several levels are merged too.
const SCATTERED: usize = 4;

/// The next files to merge, in order; none if the table is as it should be.
pub(super) fn next_merge(files: &[AddFile], fan_in: usize, largest_bytes: u64) -> Option<Vec<AddFile>> {
    let fan_in = fan_in.max(2);
    let mut files: Vec<&AddFile> = files.iter().collect();
    files.sort_by(|a, b| (a.min_seq, a.max_seq, &a.path).cmp(&(b.min_seq, b.max_seq, &b.path)));
    let is_mergeable = |file: &AddFile| file.size < largest_bytes / 2;
    let highest =
        files.iter().filter(|file| is_mergeable(file)).map(|file| level(file.size, fan_in)).max()?;
    for limit in 0..=highest {
        let mut runs = files.split(|file| !is_mergeable(file) || level(file.size, fan_in) > limit);
        let is_due = |run: &&[&AddFile]| {
            let on_level = run.iter().filter(|file| level(file.size, fan_in) == limit).count();
            on_level >= fan_in || run.len() >= SCATTERED * fan_in
        };
        if let Some(run) = runs.find(is_due) {
            return Some(run.iter().take(MOST_FILES).map(|file| (*file).clone()).collect());
        }
    }
    None
}

fn level(bytes: u64, fan_in: usize) -> u32 {
    match bytes / LOWEST_BYTES {
        0 => 0,
        times => times.ilog(fan_in as u64) + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(seq: i64, mib: u64) -> AddFile {
        AddFile {
            path: format!("part-{seq}.parquet"),
            size: mib << 20,
            rows: 1,
            min_id: String::new(),
            max_id: String::new(),
            min_seq: seq,
            max_seq: seq,
            modified_ms: 0,
        }
    }

    fn merged(files: &[AddFile]) -> Option<Vec<i64>> {
        let merge = next_merge(files, 4, 1 << 30)?;
        Some(merge.iter().map(|file| file.min_seq).collect())
    }

    #[test]
    fn neighbours_merge_when_enough_of_them_are_small() {
        let files: Vec<_> = [(3, 1), (1, 1), (0, 600), (2, 2)].map(|(seq, mib)| file(seq, mib)).into();
        assert_eq!(merged(&files), None);
        let files = [&files[..], &[file(4, 1)]].concat();
        assert_eq!(merged(&files), Some(vec![1, 2, 3, 4]), "in order, and without the large one");
    }

    #[test]
    fn a_larger_file_is_rewritten_only_with_others_of_its_level() {
        let sizes = |sizes: &[u64]| (0..).zip(sizes).map(|(seq, mib)| file(seq, *mib)).collect::<Vec<_>>();
        assert_eq!(merged(&sizes(&[1, 1, 10, 1, 1])), None);
        assert_eq!(merged(&sizes(&[1, 1, 1, 1, 10])), Some(vec![0, 1, 2, 3]));
        assert_eq!(merged(&sizes(&[10, 1, 10, 10, 1, 10, 100])), Some(vec![0, 1, 2, 3, 4, 5]));
        let scattered: Vec<u64> =
            (0..16).map(|number| if number % 4 == 0 { 10 << (number / 4) } else { 1 }).collect();
        assert_eq!(merged(&sizes(&scattered)).map(|merge| merge.len()), Some(16));
    }

    #[test]
    fn files_of_the_largest_size_stay() {
        let files: Vec<_> = (0..9).map(|seq| file(seq, 600)).collect();
        assert_eq!(merged(&files), None);
    }

    /// Every version is rewritten once per level, and the number of files stays small.
    #[test]
    fn a_thousand_blocks_leave_few_files_and_little_rewriting() {
        let mut files: Vec<AddFile> = Vec::new();
        let (mut rewritten, mut written) = (0, 0);
        for seq in 0..1_000 {
            files.push(file(seq, 2));
            written += 2_u64 << 20;
            while let Some(merge) = next_merge(&files, 8, 1 << 40) {
                let size = merge.iter().map(|file| file.size).sum();
                rewritten += size;
                files.retain(|file| !merge.contains(file));
                files.push(AddFile { size, ..merge[0].clone() });
            }
        }
        assert!(files.len() < 32, "{} files", files.len());
        assert!(rewritten < 5 * written, "rewritten {rewritten} of {written}");
    }
}
