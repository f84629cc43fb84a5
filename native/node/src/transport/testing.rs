//! Two ends of a connection, for tests.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::net::{TcpListener, TcpStream};

use super::{Socket, Tls, Transport};

/// Two ends of a plain connection.
pub(crate) async fn tcp() -> (Socket, Socket) {
    ends(&Transport::Tcp).await
}

/// Two ends of a connection with TLS.
pub(crate) async fn tls() -> (Socket, Socket) {
    let dir = tempfile::tempdir().unwrap();
    let (ca_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
    let node = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let node_pem = node.signed_by(&key, &Issuer::new(ca, ca_key)).unwrap().pem();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
        path
    };
    let files = Tls {
        certfile: file("node.pem", &node_pem),
        keyfile: file("node.key", &key.serialize_pem()),
        cacertfile: file("ca.pem", &ca_pem),
    };
    ends(&Transport::new(Some(&files)).unwrap()).await
}

async fn ends(transport: &Transport) -> (Socket, Socket) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let name = "node@localhost".parse().unwrap();
    let (ours, theirs) = tokio::join!(
        async { transport.connect(at_once(TcpStream::connect(addr).await.unwrap()), &name).await.unwrap() },
        async { transport.accept(at_once(listener.accept().await.unwrap().0)).await.unwrap() },
    );
    (ours, theirs)
}

/// As the node's own sockets.
fn at_once(stream: TcpStream) -> TcpStream {
    stream.set_nodelay(true).unwrap();
    stream
}
