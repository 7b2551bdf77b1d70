use super::*;

/// Tokens as text: words as they are, quoted strings in quotes, `|` for an end, `!` for errors.
fn shown(text: &str) -> String {
    let mut tokens = Tokens::new(text.as_bytes());
    let mut out = Vec::new();
    while !tokens.is_empty() {
        out.push(match tokens.next() {
            Ok(Token::Word(word)) => String::from_utf8(word.to_vec()).unwrap(),
            Ok(Token::Quoted(word)) => format!("\"{}\"", str::from_utf8(word).unwrap()),
            Ok(Token::End) => "|".to_owned(),
            Err(error) => format!("!{error}"),
        });
    }
    out.join(" ")
}

#[test]
fn splits() {
    for (text, tokens) in [
        ("a b\tc\r\n", "a b c |"),
        ("a b", "a b"),
        ("\n\n", "| |"),
        ("a ; b \" ( \nc", "a | c"),
        ("a (b ; ) c\n\nd) e\nf", "a b d e | f"),
        ("(a)(b)\n", "a b |"),
        ("((a\n)b\n)c\n", "a b c |"),
        ("\"a b\" \"\" c\"d\"e", "\"a b\" \"\" c \"d\" e"),
        (r#""a\"b;(" \;\ \("#, r#""a\"b;(" \;\ \("#),
        (r"a\.b\\ c", r"a\.b\\ c"),
        ("a) b\nc", "a !a parenthesis was not opened b | c"),
        ("a (b\nc", "a b c"),
        ("\"a\nb", "!a quoted string does not end on its line | b"),
        ("a\\\nb", "!a \\ at the end of a line | b"),
        ("\u{e9}\0", "\u{e9}\0"),
    ] {
        assert_eq!(shown(text), tokens, "{text:?}");
    }
}

#[test]
fn tells_an_open_parenthesis_once() {
    let mut tokens = Tokens::new(b"a (");
    assert_eq!(tokens.next(), Ok(Token::Word(b"a")));
    assert_eq!(tokens.next(), Err("a parenthesis is not closed"));
    assert_eq!(tokens.next(), Ok(Token::End));
    assert_eq!(Tokens::new(b"( a").skip_record(), Err(NOT_CLOSED));
}

#[test]
fn counts_lines_and_skips_records() {
    let mut tokens = Tokens::new(b"a (\n\"x\n ) b\nc");
    assert_eq!(tokens.skip_record(), Ok(()));
    assert_eq!(tokens.line(), 4);
    assert_eq!(tokens.next(), Ok(Token::Word(b"c")));
}

#[test]
fn flattens() {
    let mut out = Vec::new();
    let mut tokens = Tokens::new(b" a ( \"b  c\" ; x\n\td )  \ne");
    tokens.flatten(&mut out).unwrap();
    assert_eq!(out, b"a \"b  c\" d");
    out.clear();
    Tokens::new(b"a=\"b\"c \"d\"(e)").flatten(&mut out).unwrap();
    assert_eq!(out, b"a=\"b\"c \"d\" e");
}
