//! Logical lines to records and directives.

use super::comments;
use super::heads::{head, word};
use super::marks::unmarked;
use super::owners;
use super::problem::Problem;
use super::records::{Inherited, Owner, Reader};
use super::sink::Where;
use crate::rdata::tokens::{Token, Tokens};

/// Most problems that are reported: a reader fixes the first ones first.
const MAX_PROBLEMS: usize = 100;

/// Octets read between two calls of `progress`.
const PROGRESS_STEP: usize = 1 << 20;

impl Reader<'_> {
    /// Reads one file to its end, or until there are too many problems.
    pub fn read_file(&mut self, text: &[u8], name: &str, mut inherited: Inherited) {
        let file = self.sink.file(name);
        let text = match unmarked(text) {
            Ok(text) => text,
            Err(problem) => return self.report(problem, Where { file, line: 1 }),
        };
        self.files.push(name.to_owned());
        let ascii = std::mem::replace(&mut self.letters.ascii, text.is_ascii());
        let mut tokens = Tokens::new(text);
        let mut reported = 0;
        while !tokens.is_empty() && self.problems < MAX_PROBLEMS {
            let (before, place) = (
                tokens,
                Where {
                    file,
                    line: tokens.line(),
                },
            );
            if let Err(problem) = self.line(&mut tokens, &mut inherited, place) {
                tokens = before;
                let skipped = tokens.skip_record();
                self.report(skipped.err().map_or(problem, Problem::from), place);
            }
            if self.files.len() == 1 && tokens.position() - reported >= PROGRESS_STEP {
                reported = tokens.position();
                (self.progress)(reported, text.len());
            }
        }
        self.files.pop();
        self.letters.ascii = ascii;
    }

    fn report(&mut self, problem: Problem, place: Where) {
        self.problems += 1;
        self.sink.problem(problem.reason, problem.message, place);
        if self.problems == MAX_PROBLEMS {
            let message = format!("{MAX_PROBLEMS} problems, the lines below were not read");
            self.sink.problem("TooManyProblems", message, place);
        }
    }

    fn line(
        &mut self,
        tokens: &mut Tokens<'_>,
        inherited: &mut Inherited,
        place: Where,
    ) -> Result<(), Problem> {
        let same_owner = tokens.at_blank();
        tokens.take_comment();
        let first = match tokens.next()? {
            Token::Word(word) => word,
            Token::Quoted(_) => return Err(Problem::syntax("quotes around an owner name")),
            Token::End => return Ok(()),
        };
        if first[0] == b'$' {
            if let Some(included) = self.directive(first, tokens, inherited, place)? {
                let owner = self.owner.clone();
                self.read_file(&included.text, &included.name, included.inherited);
                self.owner = owner;
            }
            return Ok(());
        }
        let head = if same_owner {
            match inherited.owner {
                Owner::Last => {}
                Owner::None => return Err(Problem::syntax("no owner name in this line or above")),
                Owner::Refused => return Ok(tokens.skip_record()?),
            }
            head(first, tokens)?
        } else {
            self.set_owner(first, inherited)?;
            if let Some(message) = owners::odd(first) {
                self.sink.warning("BadName", message, place);
            }
            head(word(tokens)?, tokens)?
        };
        self.record(head, tokens, inherited, place)?;
        let comment = tokens.take_comment();
        if !comment.is_empty()
            && let Some(left) = comments::left_behind(comment, inherited.last_ttl)
        {
            self.sink.warning(left.reason, left.message, place);
        }
        Ok(())
    }
}
