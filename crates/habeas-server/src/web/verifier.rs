//! What do the pages need of the engine?

use std::future::Future;

use habeas_engine::{
    Engine, Result,
    verify::{Checked, View},
};

/// Verifies persons; the engine does.
pub(crate) trait Verifier: Sync {
    /// [`Engine::open_verification`].
    fn open(&self, host: &str, token: &str, query: Option<&str>) -> impl Future<Output = Result<String>> + Send;
    /// [`Engine::verification_view`].
    fn view(&self, host: &str, token: &str, ticket: &str) -> impl Future<Output = Result<View>> + Send;
    /// [`Engine::send_code`].
    fn send(&self, host: &str, token: &str, ticket: &str) -> impl Future<Output = Result<View>> + Send;
    /// [`Engine::check_code`].
    fn check(&self, host: &str, token: &str, ticket: &str, code: &str) -> impl Future<Output = Result<Checked>> + Send;
}

impl Verifier for Engine {
    async fn open(&self, host: &str, token: &str, query: Option<&str>) -> Result<String> {
        self.open_verification(host, token, query).await
    }

    async fn view(&self, host: &str, token: &str, ticket: &str) -> Result<View> {
        self.verification_view(host, token, ticket).await
    }

    async fn send(&self, host: &str, token: &str, ticket: &str) -> Result<View> {
        self.send_code(host, token, ticket).await
    }

    async fn check(&self, host: &str, token: &str, ticket: &str, code: &str) -> Result<Checked> {
        self.check_code(host, token, ticket, code).await
    }
}
