//! What the program says of TLS: certificates and handshakes.

use super::{Message, messages};

messages! {
    /// Certificates, and why a handshake failed.
    pub enum TlsMessage => Config {
        CaFileUnreadable { path: String, hint: Box<Message> } =>
            "не читается сертификат [portal] ca_file {path}: {hint}",
            "the certificate [portal] ca_file {path} cannot be read: {hint}";
        CaFileEmpty { path: String } =>
            "файл [portal] ca_file пуст: {path}",
            "the file [portal] ca_file is empty: {path}";
        CaFileDamaged { path: String } =>
            "сертификат в [portal] ca_file повреждён, выгрузите его заново: {path}",
            "the certificate in [portal] ca_file is damaged, export it anew: {path}";
        CaFileIsKey { path: String } =>
            "в [portal] ca_file закрытый ключ, а нужен сертификат центра: {path}",
            "[portal] ca_file holds a private key, and the authority's certificate is wanted: {path}";
        CaFileWithoutCertificate { path: String } =>
            "в [portal] ca_file нет сертификата в формате PEM или DER: {path}",
            "[portal] ca_file holds no certificate in PEM or DER format: {path}";
        VersionUnknown =>
            "портал не знает TLS 1.2 и 1.3, без них соединения нет: обновите его веб-сервер",
            "the portal knows neither TLS 1.2 nor 1.3, which a connection needs: update its web server";
        ClientCertificateWanted =>
            "портал требует сертификат клиента, а программа его \
             не предъявляет: снимите это требование для REST",
            "the portal demands a certificate of the client, which this program has not: lift that for REST";
        HandshakeBrokenOff =>
            "портал прервал установление TLS: проверьте настройки \
             его веб-сервера (шифры, требование сертификата клиента)",
            "the portal broke off the TLS handshake: check its \
             web server (ciphers, a demanded client certificate)";
        NameUnknown =>
            "сервер не знает такого имени: проверьте адрес в [portal] webhook",
            "the server does not know this name: check the address in [portal] webhook";
        NotTls =>
            "по этому адресу отвечают не по TLS: проверьте порт в [portal] webhook",
            "what answers at this address is not TLS: check the port in [portal] webhook";
        NoTrustedAuthorities =>
            "на этой машине нет сертификатов доверенных центров: установите пакет ca-certificates",
            "this machine has no certificates of trusted authorities: install the package ca-certificates";
        NotSetUp { reason: String } =>
            "TLS не установлен ({reason})",
            "TLS could not be set up ({reason})";
        Expired =>
            "срок действия сертификата портала истёк: его обновляет \
             администратор портала; проверьте и часы этой машины",
            "the portal's certificate has expired: its administrator \
             renews it; check this machine's clock too";
        NotValidYet =>
            "сертификат портала ещё не действует: скорее всего, \
             отстают часы этой машины, исправьте дату и время",
            "the portal's certificate is not valid yet: most likely \
             this machine's clock is behind, set date and time";
        ForAnotherName =>
            "сертификат сервера выдан другому имени: проверьте адрес в [portal] webhook",
            "the server's certificate is for another name: check the address in [portal] webhook";
        Revoked => "сертификат портала отозван", "the portal's certificate was revoked";
        UnknownIssuer =>
            "сертификат сервера не принят (UnknownIssuer); если он \
             у портала собственный, укажите его в [portal] ca_file",
            "the server's certificate is not accepted (UnknownIssuer); where \
             the portal has one of its own, name it in [portal] ca_file";
        AuthorityAsServer =>
            "сертификат сервера выпущен как сертификат центра (CA:TRUE), \
             таким сервер не может пользоваться; выпустите обычный",
            "the server's certificate is one of an authority \
             (CA:TRUE), which no server may use; make an ordinary one";
        NotAccepted { reason: String } =>
            "сертификат сервера не принят ({reason})",
            "the server's certificate is not accepted ({reason})";
    }
}
