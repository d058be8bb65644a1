//! The encodings that CPython can read a source in, beside UTF-8: by the names of its codecs, with
//! its codecs' words where bytes mean nothing.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use encoding_rs::{DecoderResult, Encoding};

/// Made by encodings.py, which says what is in it.
const TABLE: &str = include_str!("encodings.txt");
/// Stands for bytes without a meaning.
const UNDEFINED: char = '\u{FFFF}';

#[derive(Clone, Copy)]
enum Codec {
    Utf8,
    Ascii,
    Latin1,
    /// Characters from 0x80 on.
    Bytes(&'static str),
    /// Name of the codec.
    Wide(&'static str),
}

/// Codecs by name and by other names, and whether it is another name.
fn codecs() -> &'static HashMap<&'static str, (Codec, bool)> {
    static CODECS: OnceLock<HashMap<&str, (Codec, bool)>> = OnceLock::new();
    CODECS.get_or_init(|| {
        let known = [
            (Codec::Utf8, "utf_8 u8 utf utf8 utf8_ucs2 utf8_ucs4 cp65001 utf_8_sig"),
            (Codec::Ascii, "ascii 646 ansi_x3.4_1968 ansi_x3_4_1968 ansi_x3.4_1986 cp367 csascii ibm367 iso646_us iso_646.irv_1991 iso_ir_6 us us_ascii"),
            (Codec::Latin1, "latin_1 8859 cp819 csisolatin1 ibm819 iso8859 iso8859_1 iso_8859_1 iso_8859_1_1987 iso_ir_100 l1 latin latin1"),
        ];
        let mut codecs = HashMap::new();
        for line in TABLE.lines() {
            let mut fields = line.split('\t');
            let (name, others) = (fields.next().unwrap_or(""), fields.next().unwrap_or(""));
            let codec = match fields.next() {
                Some(upper) if !upper.is_empty() => Codec::Bytes(upper),
                _ => Codec::Wide(name),
            };
            codecs.extend(others.split(' ').map(|other| (other, (codec, true))));
            codecs.insert(name, (codec, false));
        }
        for (codec, names) in known {
            codecs.extend(names.split(' ').map(|name| (name, (codec, true))));
        }
        codecs
    })
}

/// As `encodings.normalize_encoding`: runs of punctuation are one underscore.
fn normalized(name: &str) -> String {
    let mut out = String::new();
    let mut punctuation = false;
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || c == '.' {
            if punctuation && !out.is_empty() {
                out.push('_');
            }
            out.push(c.to_ascii_lowercase());
            punctuation = false;
        } else {
            punctuation = true;
        }
    }
    out
}

/// The text of bytes in an encoding; `None` if it is UTF-8.
///
/// # Errors
///
/// What is wrong, in a sentence: the encoding is unknown, or bytes mean nothing in it.
pub(crate) fn decode<'a>(bytes: &'a [u8], name: &str) -> Result<Option<Cow<'a, str>>, String> {
    let key = normalized(name);
    // Only other names may have dots in the place of underscores.
    let dotted = || codecs().get(key.replace('.', "_").as_str()).filter(|(_, other)| *other);
    let found = codecs().get(key.as_str()).or_else(dotted);
    match found.map(|(codec, _)| codec) {
        None => Err(format!("unknown encoding: {name}")),
        Some(Codec::Utf8) => Ok(None),
        Some(Codec::Latin1) => Ok(Some(bytes.iter().map(|&b| char::from(b)).collect())),
        Some(Codec::Ascii) => match bytes.iter().position(|b| !b.is_ascii()) {
            None => Ok(None),
            Some(at) => Err(undecodable("ascii", bytes, at, "ordinal not in range(128)")),
        },
        Some(Codec::Bytes(upper)) => by_table(bytes, upper).map(Some),
        Some(Codec::Wide(codec)) => wide(bytes, codec).map(Some),
    }
}

fn undecodable(codec: &str, bytes: &[u8], at: usize, why: &str) -> String {
    let byte = bytes.get(at).copied().unwrap_or(0);
    format!("'{codec}' codec can't decode byte 0x{byte:02x} in position {at}: {why}")
}

/// The characters of a table, in which some are written as `\hex;`.
fn characters(upper: &str) -> Vec<char> {
    let mut out = Vec::with_capacity(128);
    let mut rest = upper.chars();
    while let Some(c) = rest.next() {
        if c == '\\' {
            let digits: String = rest.by_ref().take_while(|&c| c != ';').collect();
            out.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
        } else {
            out.push(c);
        }
    }
    out
}

fn by_table<'a>(bytes: &'a [u8], upper: &str) -> Result<Cow<'a, str>, String> {
    let table = characters(upper);
    let mut out = String::with_capacity(bytes.len());
    for (at, &byte) in bytes.iter().enumerate() {
        if byte < 0x80 {
            out.push(char::from(byte));
            continue;
        }
        match table.get(usize::from(byte) - 0x80) {
            Some(&c) if c != UNDEFINED => out.push(c),
            _ => return Err(undecodable("charmap", bytes, at, "character maps to <undefined>")),
        }
    }
    Ok(Cow::Owned(out))
}

/// Several bytes a character.
fn wide<'a>(bytes: &'a [u8], codec: &str) -> Result<Cow<'a, str>, String> {
    let encoding = match codec {
        "big5" | "cp950" => encoding_rs::BIG5,
        "cp949" | "euc_kr" => encoding_rs::EUC_KR,
        "euc_jp" => encoding_rs::EUC_JP,
        "gb18030" => encoding_rs::GB18030,
        "gb2312" | "gbk" => encoding_rs::GBK,
        _ => encoding_rs::SHIFT_JIS,
    };
    decode_wide(bytes, encoding)
        .map(Cow::Owned)
        .map_err(|at| undecodable(codec, bytes, at, "illegal multibyte sequence"))
}

/// The text, or where bytes mean nothing.
fn decode_wide(bytes: &[u8], encoding: &'static Encoding) -> Result<String, usize> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    // Never more than three bytes of UTF-8 for one of these.
    let mut out = String::with_capacity(bytes.len() * 3 + 16);
    let (result, read) = decoder.decode_to_string_without_replacement(bytes, &mut out, true);
    match result {
        DecoderResult::InputEmpty => Ok(out),
        DecoderResult::OutputFull => Err(read),
        DecoderResult::Malformed(length, after) => Err(read - usize::from(length) - usize::from(after)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8], name: &str) -> String {
        match decode(bytes, name) {
            Ok(Some(text)) => text.into_owned(),
            Ok(None) => "UTF-8".to_owned(),
            Err(why) => why,
        }
    }

    #[test]
    fn names_are_those_of_cpythons_codecs() {
        assert_eq!(text(b"\xe9", "Latin"), "é");
        assert_eq!(text(b"\xe9", "mac-ROMAN"), "È");
        assert_eq!(text(b"\xe9", "iso8859.15"), "unknown encoding: iso8859.15");
        assert_eq!(text(b"\xe9", "iso.8859.15"), "é");
        assert_eq!(text(b"\xa4", "ISO_8859-15"), "€");
        assert_eq!(text(b"x", "u8"), "UTF-8");
        assert_eq!(text(b"\x83\x41", "sjis"), "ア");
        assert_eq!(text(b"x", "nonsense"), "unknown encoding: nonsense");
    }

    #[test]
    fn tables_are_whole() {
        for line in TABLE.lines() {
            let upper = line.rsplit('\t').next().unwrap();
            let length = characters(upper).len();
            assert!(length == 128 || length == 0, "{line}");
        }
    }

    #[test]
    fn what_means_nothing_is_named() {
        let expected = "'charmap' codec can't decode byte 0x81 in position 1: character maps to <undefined>";
        assert_eq!(text(b"a\x81", "cp1252"), expected);
        let expected = "'gbk' codec can't decode byte 0x81 in position 3: illegal multibyte sequence";
        assert_eq!(text(b"x='\x81'", "gbk"), expected);
    }
}
