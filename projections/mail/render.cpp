// What Postfix and Dovecot are given. Maps are `texthash` files with a fragment a mailbox, an alias, a
// domain; the rest is the same in every cell but for its name. @...@ are the agent's: where things lie and
// where it listens.
#include <fmt/format.h>

#include "projections/accounts/each_user.hpp"
#include "projections/cell/cell.hpp"
#include "projections/certificates/chain.hpp"
#include "projections/mail/mail.hpp"
#include "projections/world.hpp"

namespace pic::mail {
namespace {

constexpr char main_path[] = "postfix/main.cf", master_path[] = "postfix/master.cf";
constexpr char domains_path[] = "postfix/domains", mailboxes_path[] = "postfix/mailboxes";
constexpr char aliases_path[] = "postfix/aliases", senders_path[] = "postfix/senders";
constexpr char dovecot_path[] = "dovecot/dovecot.conf", users_path[] = "dovecot/users";
constexpr char chain_path[] = "tls/chain.pem", key_path[] = "tls/key.pem";

const State& mail_of(const World& world) { return world.get<Service>(); }
const std::string& domain_of(const World& world) {
    return world.get<cell::Service>().cell.settings.domain.text;
}

/// No relay for anybody who has not signed in, no mail out of the cell, nobody else's name as the sender.
std::string main_text(const World& world) {
    return fmt::format(R"(compatibility_level = 3.6
maillog_file = /dev/stdout
queue_directory = @state@/queue
data_directory = @state@/postfix
meta_directory = /etc/postfix
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.{0}
myorigin = {0}
mydestination =
mynetworks = 127.0.0.1/32
inet_interfaces = all
inet_protocols = all
alias_maps =
alias_database =
local_recipient_maps =
local_transport = error:no local accounts
virtual_mailbox_domains = texthash:@live@/postfix/domains
virtual_mailbox_maps = texthash:@live@/postfix/mailboxes
virtual_alias_maps = texthash:@live@/postfix/aliases
virtual_transport = lmtp:unix:private/dovecot-lmtp
default_transport = error:mail to other hosts is off
smtpd_tls_chain_files = @live@/tls/key.pem, @live@/tls/chain.pem
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_protocols = >=TLSv1.2
smtpd_tls_mandatory_protocols = >=TLSv1.2
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_sender_login_maps = texthash:@live@/postfix/senders
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_helo_required = yes
disable_vrfy_command = yes
message_size_limit = 52428800
)",
                       domain_of(world));
}

constexpr char master_text[] = R"(@mail_bind@:@smtp_port@ inet n - n - - smtpd
@mail_bind@:@submission_port@ inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
  -o smtpd_sender_restrictions=reject_sender_login_mismatch
@mail_bind@:@submissions_port@ inet n - n - - smtpd
  -o syslog_name=postfix/submissions
  -o smtpd_tls_wrappermode=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
  -o smtpd_sender_restrictions=reject_sender_login_mismatch
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
)";

/// Sign-in needs TLS. The auth service reads hashes that are root's alone; mail is a mail user's, never
/// root's.
std::string dovecot_text(const World& world) {
    return fmt::format(R"(protocols = imap lmtp
listen = @mail_bind@
base_dir = @run@/dovecot
state_dir = @state@
instance_name = cell
log_path = /dev/stderr
ssl = required
ssl_cert = <@live@/tls/chain.pem
ssl_key = <@live@/tls/key.pem
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = yes
auth_mechanisms = plain login
auth_username_format = %Lu
mail_location = maildir:~/mail
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = scheme=SHA512-CRYPT username_format=%u @live@/dovecot/users
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home=@state@/mail/%d/%n
}}
namespace inbox {{
  inbox = yes
  mailbox Drafts {{
    special_use = \Drafts
    auto = subscribe
  }}
  mailbox Junk {{
    special_use = \Junk
    auto = subscribe
  }}
  mailbox Sent {{
    special_use = \Sent
    auto = subscribe
  }}
  mailbox Trash {{
    special_use = \Trash
    auto = subscribe
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = @imaps_port@
    ssl = yes
  }}
}}
service auth-worker {{
  user = root
}}
service auth {{
  user = root
  unix_listener @state@/queue/private/auth {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
service lmtp {{
  unix_listener @state@/queue/private/dovecot-lmtp {{
    mode = 0600
    user = postfix
    group = postfix
  }}
}}
protocol lmtp {{
  postmaster_address = postmaster@{0}
}}
)",
                       domain_of(world));
}

/// A mailbox: that it is there, who may send by its name, and the password that opens it.
void put_mailbox(const World& now, Renderer& out, const std::string& key, const std::string& address,
                 const accounts::User* user) {
    for (const auto* path : {mailboxes_path, senders_path, users_path}) out.remove(path, key);
    if (user == nullptr || !accounts::may_use(*user, Service::name)) return;
    out.put(mailboxes_path, key, address + " x\n");
    out.put(senders_path, key, fmt::format("{0} {0}\n", address));
    const auto hashes = accounts::credentials(now.get<accounts::Service>(), *user, Service::name,
                                              accounts::PasswordForm::sha512_crypt);
    if (!hashes.empty()) out.put(users_path, key, Nodes{address + ":", hashes.front(), std::string("\n")});
}

std::string alias_text(const Alias& a) {
    std::string text = a.address.text;
    for (std::size_t i = 0; i < a.targets.size(); ++i) text += (i == 0 ? " " : ", ") + a.targets[i].text;
    return text + "\n";
}

/// Whoever administers the cell and has a mailbox.
std::string administrators(const World& world) {
    std::string list;
    world.get<accounts::Service>().users.for_each([&](const Uuid&, const accounts::User& user) {
        if (user.profile.role != accounts::Role::admin || !accounts::may_use(user, Service::name)) return;
        list += fmt::format("{}{}@{}", list.empty() ? "" : ", ", user.username.text, domain_of(world));
    });
    return list;
}

void put_postmasters(const World* before, const World& now, Renderer& out) {
    const auto who = administrators(now);
    const bool all = before == nullptr || administrators(*before) != who;
    const auto put = [&](const std::string& key, const std::string& domain) {
        if (who.empty()) {
            out.remove(aliases_path, key);
        } else {
            out.put(aliases_path, key, fmt::format("postmaster@{} {}\n", domain, who));
        }
    };
    put("1-postmaster", domain_of(now));
    Renderer::each(before == nullptr ? nullptr : &mail_of(*before).domains, mail_of(now).domains, all,
                   [&](const Uuid& id, const Domain* domain) {
                       const auto key = "2-domain/" + to_string(id);
                       out.remove(domains_path, key);
                       out.remove(aliases_path, key);
                       if (domain == nullptr) return;
                       out.put(domains_path, key, domain->name.text + " x\n");
                       put(key, domain->name.text);
                   });
}

void put_certificate(const World& now, Renderer& out) {
    const auto* certificate = certificates::for_service(now, Service::name);
    out.put(chain_path, "0", certificates::chain_pem(now, *certificate));
    out.put(key_path, "0", Nodes{*certificate->content.key_ref});
}

void put_general(const World& now, Renderer& out) {
    out.put(main_path, "0", main_text(now));
    out.put(master_path, "0", std::string(master_text));
    out.put(dovecot_path, "0", dovecot_text(now));
    out.put(domains_path, "0", domain_of(now) + " x\n");
    out.put(users_path, "0", std::string("# address:hash\n"));
    for (const auto* path : {mailboxes_path, aliases_path, senders_path})
        out.put(path, "0", std::string("# address value\n"));
    for (const auto* folder : {"mail/", "postfix/", "queue/"})
        out.parameter(std::string("seed/") + folder, "");
}

}  // namespace

bool wanted(Service, const World& world) {
    const auto* certificate = certificates::for_service(world, Service::name);
    return certificate != nullptr && certificate->content.key_ref;
}

void render(Service, const World* before, const World& now, Renderer& out) {
    const bool anew =
        before == nullptr || !wanted(Service{}, *before) || domain_of(*before) != domain_of(now);
    if (anew || !wanted(Service{}, now)) {
        for (const auto* path :
             {main_path, master_path, domains_path, mailboxes_path, aliases_path, senders_path, dovecot_path,
              users_path, chain_path, key_path, parameters_path})
            out.drop(path);
        before = nullptr;
    }
    if (!wanted(Service{}, now)) return;
    if (before == nullptr) put_general(now, out);
    const auto chain = [](const World& w) { return certificates::chain_stamp(w, Service::name); };
    if (before == nullptr || chain(*before) != chain(now)) put_certificate(now, out);
    put_postmasters(before, now, out);
    accounts::each_touched_user(before, now, [&](const Uuid& user_id, const accounts::User* user) {
        put_mailbox(now, out, "user/" + to_string(user_id),
                    user == nullptr ? "" : user->username.text + "@" + domain_of(now), user);
        mail_of(now).mailboxes.for_each([&](const Uuid& mailbox_id, const Mailbox& m) {
            if (m.user_id == user_id)
                put_mailbox(now, out, "mailbox/" + to_string(mailbox_id), m.address.text, user);
        });
    });
    Renderer::each(before == nullptr ? nullptr : &mail_of(*before).mailboxes, mail_of(now).mailboxes, false,
                   [&](const Uuid& mailbox_id, const Mailbox* m) {
                       const auto* user =
                           m == nullptr ? nullptr : now.get<accounts::Service>().users.find(m->user_id);
                       put_mailbox(now, out, "mailbox/" + to_string(mailbox_id),
                                   m == nullptr ? "" : m->address.text, user);
                   });
    Renderer::each(before == nullptr ? nullptr : &mail_of(*before).aliases, mail_of(now).aliases, false,
                   [&](const Uuid& alias_id, const Alias* a) {
                       const auto key = "alias/" + to_string(alias_id);
                       if (a == nullptr) {
                           out.remove(aliases_path, key);
                       } else {
                           out.put(aliases_path, key, alias_text(*a));
                       }
                   });
}

}  // namespace pic::mail
