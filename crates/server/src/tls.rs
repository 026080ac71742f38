//! The certificate and key with which TLS ends here.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Reads a PEM chain and its key. TLS 1.2 and 1.3 with the library's suites, all of them AEAD (security P5); HTTP/1.1.
pub(crate) fn load(cert: &Path, key: &Path) -> anyhow::Result<Arc<rustls::ServerConfig>> {
    let unreadable = |field: &str, path: &Path| format!("{field}: {} is not readable PEM", path.display());
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect)
        .with_context(|| unreadable("--tls-cert", cert))?;
    let key = PrivateKeyDer::from_pem_file(key).with_context(|| unreadable("--tls-key", key))?;
    let mut config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("--tls-cert and --tls-key do not belong together")?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
