#include "projections/webmail/webmail.hpp"

#include <fmt/format.h>

#include "projections/cell/cell.hpp"
#include "projections/certificates/certificates.hpp"
#include "projections/mail/mail.hpp"
#include "projections/world.hpp"

namespace pic::webmail {
namespace {

constexpr char config_path[] = "config.inc.php", root_path[] = "root.pem";

/// @...@ are the agent's. The session key is made on the spot and never leaves the machine: a cell's log
/// knows none.
std::string config(const std::string& domain) {
    return fmt::format(R"(<?php
$tls = ['ssl' => ['cafile' => '@live@/root.pem', 'verify_peer' => true, 'peer_name' => 'mail.{0}']];
$key = '@state@/des_key';
if (!is_file($key)) {{
    file_put_contents("$key.new", bin2hex(random_bytes(12)));
    rename("$key.new", $key);
}}
$config = [
    'db_dsnw' => 'sqlite:///@state@/webmail.sqlite?mode=0600',
    'imap_host' => 'ssl://@mail_bind@:@imaps_port@',
    'imap_conn_options' => $tls,
    'smtp_host' => 'tls://@mail_bind@:@submission_port@',
    'smtp_conn_options' => $tls,
    'smtp_user' => '%u',
    'smtp_pass' => '%p',
    'username_domain' => '{0}',
    'des_key' => file_get_contents($key),
    'product_name' => 'Webmail',
    'plugins' => [],
    'skin' => 'elastic',
    'log_driver' => 'stdout',
    'temp_dir' => '@run@',
    'enable_installer' => false,
];
)",
                       domain);
}

constexpr char setup_text[] = R"(<?php
$file = '@state@/webmail.sqlite';
if (is_file($file)) exit(0);
@unlink("$file.new");
$db = new PDO("sqlite:$file.new");
$db->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
$db->exec(file_get_contents('/usr/share/roundcube/SQL/sqlite.initial.sql'));
$db = null;
rename("$file.new", $file);
)";

constexpr char fpm_text[] = R"([global]
error_log = /dev/stderr
daemonize = no
[webmail]
listen = @run@/php.sock
pm = ondemand
pm.max_children = 8
catch_workers_output = yes
env[ROUNDCUBE_CONFIG_DIR] = @live@
php_admin_value[upload_max_filesize] = 25M
php_admin_value[post_max_size] = 26M
php_admin_value[session.save_path] = @run@
)";

constexpr char nginx_text[] = R"(daemon off;
pid @run@/nginx.pid;
error_log stderr warn;
events {
    worker_connections 256;
}
http {
    include /etc/nginx/mime.types;
    access_log off;
    server_tokens off;
    client_max_body_size 26m;
    client_body_temp_path @run@/body;
    fastcgi_temp_path @run@/fastcgi;
    proxy_temp_path @run@/proxy;
    uwsgi_temp_path @run@/uwsgi;
    scgi_temp_path @run@/scgi;
    server {
        listen @webmail_bind@:@webmail_port@;
        root /var/lib/roundcube/public_html;
        index index.php;
        location / {
            try_files $uri $uri/ /index.php$is_args$args;
        }
        location ~ \.php(/|$) {
            include /etc/nginx/fastcgi.conf;
            fastcgi_split_path_info ^(.+\.php)(/.*)$;
            fastcgi_param PATH_INFO $fastcgi_path_info;
            fastcgi_pass unix:@run@/php.sock;
        }
    }
}
)";

std::string domain_of(const World& world) { return world.get<cell::Service>().cell.settings.domain.text; }

}  // namespace

bool wanted(Service, const World& world) { return mail::wanted(mail::Service{}, world); }

void render(Service, const World* before, const World& now, Renderer& out) {
    if (!wanted(Service{}, now)) {
        for (const auto* path : {config_path, root_path, "defaults.inc.php", "mimetypes.php", "setup.php",
                                 "php-fpm.conf", "nginx.conf"})
            out.drop(path);
        return;
    }
    if (before != nullptr && !wanted(Service{}, *before)) before = nullptr;
    if (before == nullptr) {
        out.put("defaults.inc.php", "0", std::string("<?php\ninclude '/etc/roundcube/defaults.inc.php';\n"));
        out.put("mimetypes.php", "0", std::string("<?php\nreturn include '/etc/roundcube/mimetypes.php';\n"));
        out.put("setup.php", "0", std::string(setup_text));
        out.put("php-fpm.conf", "0", std::string(fpm_text));
        out.put("nginx.conf", "0", std::string(nginx_text));
    }
    if (before == nullptr || domain_of(*before) != domain_of(now))
        out.put(config_path, "0", config(domain_of(now)));
    const auto root = certificates::root_pem(now);
    if (before == nullptr || certificates::root_pem(*before) != root) out.put(root_path, "0", root);
}

}  // namespace pic::webmail
