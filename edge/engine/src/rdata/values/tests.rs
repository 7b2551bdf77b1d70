use super::*;
use proptest::prelude::*;

#[test]
fn reads_seconds() {
    for (text, expected) in [
        ("0", Some(0)),
        ("3600", Some(3600)),
        ("1h30m", Some(5400)),
        ("1W2D3H4M5S", Some(788_645)),
        ("99999999999999999999999", Some(u64::MAX)),
        ("", None),
        ("h", None),
        ("1h30", None),
        ("1y", None),
        ("-1", None),
        ("1.5", None),
    ] {
        assert_eq!(seconds(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn reads_and_writes_times() {
    for (text, expected) in [
        ("19700101000000", Some(0)),
        ("20000229235959", Some(951_868_799)),
        ("20180312050000", Some(1_520_830_800)),
        ("21060207062815", Some(u32::MAX)),
        ("21060207062816", None),
        ("20180229000000", None),
        ("20180001000000", None),
        ("20180101240000", None),
        ("1520830800", Some(1_520_830_800)),
        ("2018031205000x", None),
    ] {
        assert_eq!(time(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn knows_base64_vectors() {
    // RFC 4648 section 10.
    for (octets, text) in [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ] {
        let mut written = String::new();
        write_base64(octets.as_bytes(), &mut written);
        assert_eq!(written, text);
        let mut read = Vec::new();
        base64(text.as_bytes(), &mut read).unwrap();
        assert_eq!(read, octets.as_bytes());
    }
    for bad in [
        "Zg=", "Zg", "Z===", "Zh==", "Zm9=", "Zm9v====", "Z=9v", "Zm 9",
    ] {
        assert_eq!(base64(bad.as_bytes(), &mut Vec::new()), None, "{bad}");
    }
}

#[test]
fn knows_base32_vectors() {
    // RFC 4648 section 10, without padding.
    for (octets, text) in [
        ("", ""),
        ("f", "CO"),
        ("fo", "CPNG"),
        ("foo", "CPNMU"),
        ("foob", "CPNMUOG"),
        ("fooba", "CPNMUOJ1"),
        ("foobar", "CPNMUOJ1E8"),
    ] {
        let mut written = String::new();
        write_base32(octets.as_bytes(), &mut written);
        assert_eq!(written, text);
        let mut read = Vec::new();
        base32(text.to_lowercase().as_bytes(), &mut read).unwrap();
        assert_eq!(read, octets.as_bytes());
    }
    for bad in ["C", "CP0", "CPN", "CPNMU0", "CW", "CO======", "C O"] {
        assert_eq!(base32(bad.as_bytes(), &mut Vec::new()), None, "{bad}");
    }
}

#[test]
fn reads_locators_and_hardware_addresses() {
    let octets = [0, 0x14, 0x4f, 0xff, 0, 0, 0xee, 0x64];
    assert_eq!(locator(b"14:4fff:0:EE64"), Some(octets));
    for bad in ["1:2:3", "1:2:3:4:5", "1::3:4", "1:2:3:12345", "1:2:3:x", ""] {
        assert_eq!(locator(bad.as_bytes()), None, "{bad}");
    }
    assert_eq!(eui(b"00-14-4f-FF-00-00-ee-64"), Some(octets));
    for bad in [
        "00-14-4f",
        "0-14-4f-ff-00-00-ee-64",
        "00:14:4f:ff:00:00:ee:64",
        "0014-4f-ff-00-00-ee-64",
    ] {
        assert_eq!(eui::<8>(bad.as_bytes()), None, "{bad}");
    }
}

proptest! {
    #[test]
    fn come_back(octets in prop::collection::vec(any::<u8>(), 0..40), at in any::<u32>()) {
        let (mut text, mut read) = (String::new(), Vec::new());
        write_base64(&octets, &mut text);
        base64(text.as_bytes(), &mut read).unwrap();
        prop_assert_eq!(&read, &octets);
        text.clear();
        read.clear();
        write_hex(&octets, &mut text);
        hex(text.as_bytes(), &mut read).unwrap();
        prop_assert_eq!(&read, &octets);
        text.clear();
        read.clear();
        write_base32(&octets, &mut text);
        base32(text.as_bytes(), &mut read).unwrap();
        prop_assert_eq!(&read, &octets);
        prop_assert_eq!(time(time_text(at).as_bytes()), Some(at));
    }
}
