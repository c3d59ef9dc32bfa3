//! Reading files that somebody named, up to a size: never a pipe, which would be waited for, nor a device, which never ends.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Why a file was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadFailure {
    Missing,
    /// A pipe, a device, a socket.
    NotRegular,
    TooLarge {
        max: usize,
    },
    Other(io::ErrorKind),
}

impl fmt::Display for ReadFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadFailure::Missing => f.write_str("there is no such file"),
            ReadFailure::NotRegular => f.write_str("it is no regular file"),
            ReadFailure::TooLarge { max } if *max >= 1 << 20 => write!(f, "it is larger than {} MiB", max >> 20),
            ReadFailure::TooLarge { max } => write!(f, "it is larger than {} KiB", max >> 10),
            ReadFailure::Other(kind) => write!(f, "the file cannot be read: {kind}"),
        }
    }
}

/// A file's bytes; a link to a regular file is one.
pub fn read(path: &Path, max: usize) -> Result<Vec<u8>, ReadFailure> {
    let told = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => ReadFailure::Missing,
        kind => ReadFailure::Other(kind),
    };
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(told)?;
    match file.metadata().map_err(told)?.file_type() {
        kind if kind.is_file() => {}
        kind if kind.is_dir() => return Err(ReadFailure::Other(io::ErrorKind::IsADirectory)),
        _ => return Err(ReadFailure::NotRegular),
    }
    let mut bytes = Vec::new();
    file.take(max as u64 + 1).read_to_end(&mut bytes).map_err(told)?;
    if bytes.len() > max { Err(ReadFailure::TooLarge { max }) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn only_regular_files_up_to_their_size_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("file"), "x".repeat(2048)).unwrap();
        std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
        assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        let sparse = std::fs::File::create(at("sparse")).unwrap();
        sparse.set_len(3 << 30).unwrap();
        for name in ["file", "link"] {
            assert_eq!(read(&at(name), 2048).map(|b| b.len()), Ok(2048), "{name}");
        }
        assert_eq!(read(&at("file"), 2047), Err(ReadFailure::TooLarge { max: 2047 }));
        assert_eq!(read(&at("sparse"), 1 << 20), Err(ReadFailure::TooLarge { max: 1 << 20 }));
        for path in [at("pipe"), "/dev/zero".into(), "/dev/null".into()] {
            assert_eq!(read(&path, 2048), Err(ReadFailure::NotRegular), "{}", path.display());
        }
        assert_eq!(read(&at("none"), 1), Err(ReadFailure::Missing));
    }
}
