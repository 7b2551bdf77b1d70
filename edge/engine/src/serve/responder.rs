//! What makes the replies of a server.

use crate::answer::{Client, Outcome};

/// What turns queries into replies.
pub trait Responder: Send + Sync + 'static {
    /// What the queries of one batch are answered from.
    type View;
    /// What each shard keeps from query to query; nobody else sees it.
    type Memory: Default + Send;
    /// What is known of a query before it is answered.
    type Ahead<'v>: Default;

    /// How many answers a shard's memory lost for want of room since it was made.
    fn evictions(memory: &Self::Memory) -> u64;

    /// The view as it is now.
    fn view(&self) -> Self::View;

    /// Prepare for the queries that come next, and leave what is known of each in `ahead`. The
    /// replies are the same without it.
    fn look_ahead<'v, 'q>(
        view: &'v Self::View,
        memory: &mut Self::Memory,
        queries: impl Iterator<Item = &'q [u8]>,
        ahead: &mut [Self::Ahead<'v>],
    );

    /// Leave the reply to `query` in `out`, at most 65,535 octets; None where none may be sent.
    fn respond<'v>(
        view: &'v Self::View,
        memory: &mut Self::Memory,
        ahead: Self::Ahead<'v>,
        query: &[u8],
        client: Client,
        out: &mut Vec<u8>,
    ) -> Option<Outcome>;

    /// Leave the reply to a client that gets too many in `out`, in place of the one that `respond`
    /// left.
    fn slip(view: &Self::View, query: &[u8], client: Client, out: &mut Vec<u8>) -> Option<Outcome>;
}
