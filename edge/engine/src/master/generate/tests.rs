use super::*;

fn filled(template: &str, number: u32) -> Result<String, String> {
    let mut out = Vec::new();
    Template::parse(template.as_bytes())
        .and_then(|template| template.fill(number, &mut out))
        .map_err(|problem| problem.message)?;
    Ok(String::from_utf8(out).unwrap())
}

#[test]
fn fills_templates() {
    for (template, number, text) in [
        ("host-$", 7, "host-7"),
        ("$.$", 7, "7.7"),
        ("@", 7, "@"),
        ("a$$b", 7, "a$b"),
        (r"a\$b\\$", 7, r"a\$b\\7"),
        ("${0}", 7, "7"),
        ("${5,3}", 7, "012"),
        ("${-7}", 7, "0"),
        ("${0,4,d}", 300, "0300"),
        ("${0,4,o}", 8, "0010"),
        ("${0,4,x}", 171, "00ab"),
        ("${0,0,X}", 171, "AB"),
        ("${0,1,n}", 0x1ab, "b.a.1"),
        ("${0,7,n}", 0x1b, "b.1.0.0"),
        ("${0,7,N}", 0x1b, "B.1.0.0"),
        ("x${0,2}y", 3, "x03y"),
    ] {
        assert_eq!(filled(template, number).as_deref(), Ok(text), "{template}");
        let Ok(parsed) = Template::parse(template.as_bytes()) else {
            panic!("{template}")
        };
        assert!(parsed.octets() <= text.len(), "{template}");
    }
}

#[test]
fn refuses_bad_templates() {
    let modifiers =
        "write ${OFFSET,WIDTH,RADIX} with a width up to 255 and a radix of d, o, x, X, n or N";
    for (template, text) in [
        ("${", ""),
        ("${a}", "a"),
        ("${0,256}", "0,256"),
        ("${0,1,b}", "0,1,b"),
        ("${0,1,d,1}", "0,1,d,1"),
        ("${}", ""),
    ] {
        let message = format!("$GENERATE modifiers \"{text}\": {modifiers}");
        assert_eq!(filled(template, 1), Err(message), "{template}");
    }
    assert_eq!(
        filled("${-2}", 1),
        Err("$GENERATE: 1-2 is out of range".to_owned())
    );
}

#[test]
fn reads_ranges() {
    for (text, numbers) in [
        ("1-3", vec![1, 2, 3]),
        ("0-5/2", vec![0, 2, 4]),
        ("7-7", vec![7]),
        ("1-2/9", vec![1]),
    ] {
        let Ok(range) = Range::parse(text.as_bytes()) else {
            panic!("{text}")
        };
        assert_eq!(range.count(), numbers.len() as u64);
        assert_eq!(range.numbers().collect::<Vec<_>>(), numbers, "{text}");
    }
    for text in [
        "",
        "1",
        "3-1",
        "1-3/0",
        "a-b",
        "-1-3",
        "0-2147483648",
        "1-2-3",
    ] {
        let Err(problem) = Range::parse(text.as_bytes()) else {
            panic!("{text}")
        };
        let message = format!("$GENERATE \"{text}\": write START-STOP or START-STOP/STEP");
        assert_eq!(problem.message, message);
    }
    let Err(problem) = Range::parse(b"0-65536") else {
        panic!("accepted")
    };
    assert_eq!(
        problem.message,
        "$GENERATE of 65537 records, at most 65536 allowed"
    );
    assert!(Range::parse(b"0-65535").is_ok());
    assert!(Range::parse(b"0-2147483647/65536").is_ok());
}
