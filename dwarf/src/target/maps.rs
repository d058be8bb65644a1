//! Mappings of a live process: `/proc/PID/maps`.

/// A mapped range.
pub(super) struct Mapping {
    pub start: u64,
    pub end: u64,
    pub offset: u64,
    pub executable: bool,
    pub path: String,
}

/// The lines that make sense.
pub(super) fn parse(text: &str) -> Vec<Mapping> {
    text.lines().filter_map(line).collect()
}

fn line(line: &str) -> Option<Mapping> {
    let mut fields = line.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let flags = fields.next()?;
    let offset = fields.next()?;
    let hex = |text| u64::from_str_radix(text, 16).ok();
    // Behind the device and the inode is the path, which may have spaces.
    let path = line.splitn(6, ' ').nth(5).unwrap_or_default().trim();
    Some(Mapping {
        start: hex(start)?,
        end: hex(end)?,
        offset: hex(offset)?,
        executable: flags.contains('x'),
        path: path.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_may_have_spaces_or_be_missing() {
        let text = "00400000-00452000 r-xp 00002000 08:02 173521      /usr/bin/a b\nnonsense\n7f00-7f10 rw-p 00000000 00:00 0 \n";
        let all = parse(text);
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].start, all[0].end, all[0].offset, all[0].executable), (0x40_0000, 0x45_2000, 0x2000, true));
        assert_eq!((all[0].path.as_str(), all[1].path.as_str()), ("/usr/bin/a b", ""));
    }
}
