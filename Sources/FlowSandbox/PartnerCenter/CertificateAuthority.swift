internal import CLibCrypto
package import FlowCore
package import GRDB

/// The certificates of the sandbox's webhooks: a root of its own and the signing certificate under it.
///
/// Both are made at the first start and kept over resets. The subjects look like Microsoft's (`O=Microsoft
/// Corporation`), because a receiver checks that; what makes a receiver trust them is that `sandbox.json` hands out the
/// root.
package final class CertificateAuthority: Sendable {
    /// The root certificate as PEM text.
    package let rootPEM: String
    /// The signing certificate as DER bytes, as the service hands it out.
    package let signingDER: [UInt8]
    private let signingKeyPEM: [UInt8]

    /// Reads the certificates, making them where there are none.
    /// - Throws: `SandboxKeysFailed` where the cryptographic library refuses; what the database raises.
    package init(in database: Database) throws {
        func kept(_ name: String) throws -> String? {
            try String.fetchOne(database, sql: "SELECT value FROM secret WHERE name = ?", arguments: [name])
        }
        if let root = try kept("root certificate"), let signing = try kept("signing certificate"),
            let key = try kept("signing key"), let der = Base64.decode(signing)
        {
            (rootPEM, signingDER, signingKeyPEM) = (root, der, Array(key.utf8))
            return
        }
        let made = try Self.make()
        (rootPEM, signingDER, signingKeyPEM) = (made.root, made.signing, made.key)
        let values = [
            ("root certificate", made.root), ("signing certificate", Base64.encode(made.signing)),
            ("signing key", String(decoding: made.key, as: UTF8.self)),
        ]
        for (name, value) in values {
            try database.execute(
                sql: "INSERT OR REPLACE INTO secret(name, value) VALUES(?, ?)", arguments: [name, value])
        }
    }

    /// Signs a body: RSA PKCS#1 v1.5 over its SHA-256 digest.
    /// - Throws: `SandboxKeysFailed`.
    package func sign(_ body: [UInt8]) throws(FlowError) -> [UInt8] {
        let bio = BIO_new_mem_buf(signingKeyPEM, Int32(signingKeyPEM.count))
        defer { BIO_free(bio) }
        let key = PEM_read_bio_PrivateKey(bio, nil, nil, nil)
        defer { EVP_PKEY_free(key) }
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        var length = 0
        guard key != nil, EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1,
            EVP_DigestSign(context, nil, &length, body, body.count) == 1
        else { throw Self.failed("the webhook's signature") }
        var signature = [UInt8](repeating: 0, count: length)
        guard EVP_DigestSign(context, &signature, &length, body, body.count) == 1 else {
            throw Self.failed("the webhook's signature")
        }
        return Array(signature[..<length])
    }

    private static func make() throws(FlowError) -> (root: String, signing: [UInt8], key: [UInt8]) {
        // The signature's algorithm is fixed to RSA; the root's is not, and a curve's key is made at once.
        guard let rootKey = curveKey(), let signingKey = fr_rsa_generate(2_048) else {
            throw failed("the signing keys")
        }
        defer {
            EVP_PKEY_free(rootKey)
            EVP_PKEY_free(signingKey)
        }
        let rootName = "flowrun sandbox root"
        let root = try certificate(
            subject: rootName, key: rootKey, issuer: rootName, issuerKey: rootKey,
            extensions: [
                (NID_basic_constraints, "critical,CA:TRUE"), (NID_key_usage, "critical,keyCertSign,cRLSign"),
            ])
        defer { X509_free(root) }
        let signing = try certificate(
            subject: "pcnotifications-dispatch.microsoft.com", key: signingKey, issuer: rootName, issuerKey: rootKey,
            extensions: [
                (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
                (NID_ext_key_usage, "serverAuth,clientAuth"),
                (NID_subject_alt_name, "DNS:pcnotifications-dispatch.microsoft.com"),
            ])
        defer { X509_free(signing) }
        let rootPEM = try text { bio in PEM_write_bio_X509(bio, root) }
        let keyPEM = try text { bio in PEM_write_bio_PrivateKey(bio, signingKey, nil, nil, 0, nil, nil) }
        let der = try text { bio in i2d_X509_bio(bio, signing) }
        return (String(decoding: rootPEM, as: UTF8.self), der, keyPEM)
    }

    private static func curveKey() -> OpaquePointer? {
        let context = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nil)
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_group_name(context, "P-256") == 1,
            EVP_PKEY_generate(context, &key) == 1
        else { return nil }
        return key
    }

    private static func certificate(
        subject: String, key: OpaquePointer, issuer: String, issuerKey: OpaquePointer,
        extensions: [(identifier: Int32, value: String)]
    ) throws(FlowError) -> OpaquePointer {
        guard let certificate = X509_new() else { throw failed("a certificate") }
        var serial: UInt64 = 0
        for byte in SecureRandom.bytes(7) { serial = serial << 8 | UInt64(byte) }
        let tenYears = 10 * 365 * 86_400
        var isMade =
            X509_set_version(certificate, 2) == 1
            && ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial) == 1
            && X509_gmtime_adj(X509_getm_notBefore(certificate), -86_400) != nil
            && X509_gmtime_adj(X509_getm_notAfter(certificate), tenYears) != nil
            && X509_set_pubkey(certificate, key) == 1
        for (name, common) in [
            (X509_get_subject_name(certificate), subject), (X509_get_issuer_name(certificate), issuer),
        ] {
            for (field, value) in [("C", "US"), ("O", "Microsoft Corporation"), ("CN", common)] {
                isMade =
                    isMade
                    && X509_NAME_add_entry_by_txt(name, field, MBSTRING_ASC, value, Int32(value.utf8.count), -1, 0) == 1
            }
        }
        for (identifier, value) in extensions {
            let part = X509V3_EXT_conf_nid(nil, nil, identifier, value)
            isMade = isMade && part != nil && X509_add_ext(certificate, part, -1) == 1
            X509_EXTENSION_free(part)
        }
        guard isMade, X509_sign(certificate, issuerKey, EVP_sha256()) > 0 else {
            X509_free(certificate)
            throw failed("a certificate")
        }
        return certificate
    }

    private static func text(_ write: (OpaquePointer?) -> Int32) throws(FlowError) -> [UInt8] {
        let bio = BIO_new(BIO_s_mem())
        defer { BIO_free(bio) }
        guard write(bio) == 1 else { throw failed("a certificate's text") }
        var start: UnsafeMutablePointer<CChar>?
        let count = fr_bio_mem_data(bio, &start)
        guard let start, count > 0 else { throw failed("a certificate's text") }
        return UnsafeRawBufferPointer(start: start, count: count).map { $0 }
    }

    private static func failed(_ what: String) -> FlowError {
        FlowError(.sandboxKeysFailed, "The cryptographic library could not make \(what).")
    }
}
