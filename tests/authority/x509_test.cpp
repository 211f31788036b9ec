// The authority's certificates, judged by another program: openssl(1) verifies chains, names, purposes and
// the revocation list.
#include <catch2/catch.hpp>

#include <fstream>

#include "controller/authority/x509.hpp"
#include "support/temp_folder.hpp"

using namespace pic;
using namespace pic::authority;

namespace {

constexpr Timestamp today{1'790'000'000'000};  // 2026-09-21

class Desk {
  public:
    Desk() {
        write("root.pem", to_pem(root.certificate));
        write("intermediate.pem", to_pem(intermediate.certificate));
    }

    std::string write(const std::string& name, std::string_view content) const {
        const auto file = folder.path() / name;
        std::ofstream(file, std::ios::binary) << content;
        return file.string();
    }

    [[nodiscard]] Issued issue(certificates::Purpose purpose, std::vector<std::string> sans,
                               std::optional<std::string> public_key = {}) const {
        return authority::issue(intermediate, {purpose,
                                               sans.front(),
                                               sans,
                                               {today.ms - clock_slack_ms},
                                               {today.ms + leaf_lifetime_ms},
                                               "http://pic.home.example/api/v1/vault/crl",
                                               std::move(public_key)});
    }

    /// What openssl says; words are of this file alone, so a shell is good enough here.
    [[nodiscard]] std::pair<int, std::string> openssl(const std::string& words) const {
        const auto out = (folder.path() / "out").string();
        const int status = std::system(
            ("cd " + folder.path().string() + " && openssl " + words + " >" + out + " 2>&1").c_str());
        std::ifstream file(out);
        return {status, std::string(std::istreambuf_iterator<char>(file), {})};
    }

    [[nodiscard]] std::pair<int, std::string> verify(const Issued& issued,
                                                     const std::string& options = {}) const {
        write("leaf.pem", to_pem(issued.certificate));
        return openssl(
            "verify -attime 1790000000 -x509_strict -CAfile root.pem -untrusted intermediate.pem " + options +
            " leaf.pem");
    }

    test::TempFolder folder;
    Made root = make_root("home", today);
    Made intermediate = make_intermediate(root, "home", today);
};

}  // namespace

TEST_CASE("openssl verifies what the authority issues, for its names and its purpose alone") {
    const Desk desk;
    const auto server =
        desk.issue(certificates::Purpose::server, {"home.example", "*.home.example", "10.8.0.1", "fd00::1"});
    for (const auto* fine : {"", "-verify_hostname home.example", "-verify_hostname mail.home.example",
                             "-verify_ip 10.8.0.1", "-verify_ip fd00::1", "-purpose sslserver"}) {
        const auto [status, said] = desk.verify(server, fine);
        INFO(fine << ": " << said);
        CHECK(status == 0);
    }
    for (const auto* wrong : {"-verify_hostname a.mail.home.example", "-verify_hostname home.example.org",
                              "-verify_ip 10.8.0.2", "-purpose sslclient", "-attime 1890000000"}) {
        INFO(wrong);
        CHECK(desk.verify(server, wrong).first != 0);
    }
    const auto client = desk.issue(certificates::Purpose::client, {"alice@home.example"});
    CHECK(desk.verify(client, "-purpose sslclient -verify_email alice@home.example").first == 0);
    CHECK(desk.verify(client, "-purpose sslserver").first != 0);
}

TEST_CASE("the key goes with the certificate, and the intermediate may sign no further authority") {
    const Desk desk;
    const auto issued = desk.issue(certificates::Purpose::server, {"home.example"});
    REQUIRE(issued.key);
    desk.write("key.pem", issued.key->reveal());
    desk.write("leaf.pem", to_pem(issued.certificate));
    const auto of_key = desk.openssl("pkey -in key.pem -pubout");
    CHECK(of_key.first == 0);
    CHECK(of_key.second == desk.openssl("x509 -in leaf.pem -noout -pubkey").second);
    CHECK_THAT(desk.openssl("x509 -in intermediate.pem -noout -text").second,
               Catch::Contains("CA:TRUE, pathlen:0"));
    CHECK_THAT(desk.openssl("x509 -in leaf.pem -noout -serial").second,
               Catch::Contains("serial=", Catch::CaseSensitive::Yes));
}

TEST_CASE("a revoked certificate is found in the list, with its reason, and no other is") {
    const Desk desk;
    const auto good = desk.issue(certificates::Purpose::server, {"good.home.example"});
    const auto bad = desk.issue(certificates::Purpose::server, {"bad.home.example"});
    const std::vector<Revoked> revoked{{bad.serial, today, certificates::Reason::key_compromise}};
    const auto crl = make_crl(desk.intermediate, revoked, 7, {today.ms - day_ms}, {today.ms + 7 * day_ms});
    desk.write("crl.der", crl);
    REQUIRE(desk.openssl("crl -inform DER -in crl.der -out crl.pem").first == 0);
    const auto text = desk.openssl("crl -in crl.pem -noout -text").second;
    CHECK_THAT(text, Catch::Contains("Key Compromise") && Catch::Contains("X509v3 CRL Number"));
    CHECK(desk.verify(good, "-crl_check -CRLfile crl.pem").first == 0);
    const auto refused = desk.verify(bad, "-crl_check -CRLfile crl.pem");
    CHECK(refused.first != 0);
    CHECK_THAT(refused.second, Catch::Contains("revoked"));
}

TEST_CASE("a request brings its key and its names; a forged, weak or garbled one is refused") {
    const Desk desk;
    REQUIRE(desk.openssl("req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -subj "
                         "/CN=nas.home.example "
                         "-addext subjectAltName=DNS:nas.home.example,IP:10.8.0.9,URI:http://x -out r.pem")
                .first == 0);
    const auto text = desk.openssl("req -in r.pem").second;
    const auto read = read_request(text);
    REQUIRE(read);
    CHECK(read->subject == "nas.home.example");
    CHECK(read->sans == std::vector<std::string>{"nas.home.example", "10.8.0.9", "?"});
    const auto issued = desk.issue(certificates::Purpose::server, {"nas.home.example"}, read->public_key);
    CHECK_FALSE(issued.key);
    CHECK(desk.verify(issued, "-verify_hostname nas.home.example").first == 0);
    CHECK(desk.openssl("x509 -in leaf.pem -noout -pubkey").second ==
          desk.openssl("pkey -in k.pem -pubout").second);

    REQUIRE(
        desk.openssl("req -new -newkey rsa:1024 -nodes -keyout w.pem -subj /CN=weak -out weak.pem").first ==
        0);
    auto forged = text;
    forged[forged.size() / 2] = forged[forged.size() / 2] == 'A' ? 'B' : 'A';
    for (const auto& bad :
         {std::string(),
          std::string("-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n"),
          forged, desk.openssl("req -in weak.pem").second}) {
        const auto refused = read_request(bad);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == "csr_invalid");
    }
}

TEST_CASE("names too long for a subject are among the other names alone") {
    const Desk desk;
    const std::string name = std::string(60, 'a') + ".home.example";
    const auto issued = desk.issue(certificates::Purpose::server, {name});
    CHECK(desk.verify(issued, "-verify_hostname " + name).first == 0);
    CHECK_NOTHROW(make_root(std::string(63, 'x'), today));
}
