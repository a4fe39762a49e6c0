import CLibCrypto
import FlowCore
import FlowHTTP
import FlowSandbox
import Testing

@Suite struct JWTBearerTests {
    /// A key pair as a client of the connected app has it.
    struct Client {
        let key: OpaquePointer

        init() throws { key = try #require(fr_rsa_generate(2_048)) }

        /// The public key in PEM, as `openssl rsa -pubout` writes it.
        var publicKey: String { pem { PEM_write_bio_PUBKEY($0, key) } }
        var privateKey: String { pem { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) } }

        /// A self-signed certificate in PEM, as `openssl req -x509` writes it.
        var certificate: String {
            let certificate = X509_new()
            defer { X509_free(certificate) }
            X509_gmtime_adj(X509_getm_notBefore(certificate), 0)
            X509_gmtime_adj(X509_getm_notAfter(certificate), 86_400)
            X509_set_pubkey(certificate, key)
            X509_sign(certificate, key, EVP_sha256())
            return pem { PEM_write_bio_X509($0, certificate) }
        }

        private func pem(_ write: (OpaquePointer?) -> Int32) -> String {
            let bio = BIO_new(BIO_s_mem())
            defer { BIO_free(bio) }
            _ = write(bio)
            var start: UnsafeMutablePointer<CChar>?
            let count = fr_bio_mem_data(bio, &start)
            return String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
        }

        /// A signed assertion.
        func assertion(_ claims: JSON, algorithm: String = "RS256") -> String {
            let header: JSON = ["alg": .string(algorithm)]
            let text = Base64.encodeURL(header.bytes) + "." + Base64.encodeURL(claims.bytes)
            let message = Array(text.utf8)
            let context = EVP_MD_CTX_new()
            defer { EVP_MD_CTX_free(context) }
            var length = 512
            var signature = [UInt8](repeating: 0, count: length)
            EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key)
            EVP_DigestSign(context, &signature, &length, message, message.count)
            return text + "." + Base64.encodeURL(Array(signature[..<length]))
        }
    }

    @Test func `an assertion signed with the registered key opens a session, every other is refused`() async throws {
        try await SandboxFixture.run { fixture in
            let (client, stranger) = (try Client(), try Client())
            let now = SandboxClock.machineTime.ticks / Timestamp.ticksPerSecond
            let claims: JSON = [
                "iss": .string(fixture.text(.salesforce, "clientId")), "sub": "seller@adatum.example",
                "aud": "https://login.salesforce.com", "exp": .integer(now + 180),
            ]
            func ask(_ assertion: String) async throws -> SandboxFixture.Answer {
                try await fixture.form(
                    fixture.sandbox.url(of: .salesforce) + "/services/oauth2/token",
                    ["grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion])
            }
            let early = try await ask(client.assertion(claims))
            #expect(early.status == 400 && early.json["error"] == "invalid_grant")
            #expect(early.json.text("error_description").contains("flowrun sandbox certificate FILE"))
            let secret = try await fixture.control("PUT", "/certificate", ["pem": .string(client.privateKey)])
            #expect(secret.status == 400 && secret.json.at("error/message").text.contains("private key"))
            #expect(try await fixture.control("PUT", "/certificate", ["pem": "x"]).status == 400)
            #expect(try await fixture.control("GET", "/certificate").json["sha256"] == .null)
            let known = try await fixture.control("PUT", "/certificate", ["pem": .string(client.certificate)]).json
            let same = try await fixture.control("PUT", "/certificate", ["pem": .string(client.publicKey)]).json
            #expect(known.text("sha256").count == 64 && known == same)

            for (change, error, text) in [
                (["iss": "x"], "invalid_client_id", "client identifier invalid"),
                (["aud": "https://elsewhere.example"], "invalid_grant", "audience is invalid"),
                (["exp": .integer(now - 1)], "invalid_grant", "expired authorization code"),
                (
                    ["exp": .integer(now + 3_600)], "invalid_grant",
                    "invalid assertion: exp is more than five minutes ahead"
                ),
                (["exp": .null], "invalid_grant", "invalid assertion"),
                (["sub": "nobody@adatum.example"], "invalid_grant", "user hasn't approved this consumer"),
            ] as [(JSONObject, JSON, JSON)] {
                let answer = try await ask(client.assertion(claims.with(change)))
                #expect(answer.status == 400)
                #expect(answer.json == ["error": error, "error_description": text])
            }
            let foreign = try await ask(stranger.assertion(claims))
            #expect(foreign.json["error_description"] == "invalid assertion")
            #expect(try await ask("x.y").json["error_description"] == "invalid assertion")
            let other = try await ask(client.assertion(claims, algorithm: "none"))
            #expect(other.json["error_description"] == "algorithm not supported")

            let answer = try await ask(client.assertion(claims))
            #expect(answer.status == 200 && answer.json["refresh_token"] == nil && answer.json["scope"] == "api")
            let made = try await fixture.call(
                .salesforce, "POST", SalesforceTests.data + "/sobjects/Account",
                token: answer.json.text("access_token"), ["Name": "By assertion"])
            #expect(made.status == 201)
            #expect(try await ask(client.assertion(claims.with(["exp": .string("\(now + 180)")]))).status == 200)
            // The client's clock is the machine's: a sandbox that is ahead still takes what it signs.
            try await fixture.control("POST", "/clock/advance", ["duration": "P30D"])
            #expect(try await ask(client.assertion(claims)).status == 200)
        }
    }
}
