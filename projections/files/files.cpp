#include "projections/files/files.hpp"

#include <fmt/format.h>

#include "projections/accounts/each_user.hpp"
#include "projections/cell/cell.hpp"
#include "projections/files/door.hpp"
#include "projections/world.hpp"

namespace pic::files {
namespace {

/// ${...} are the agent's: where things lie and where it listens. What people put there is served as data: a
/// page among it runs nothing (the policy's sandbox). `Destination` is what a client behind TLS calls https.
constexpr char server_config[] = R"(
ServerName files
ServerTokens Prod
PidFile ${PIC_RUN}/apache2.pid
DefaultRuntimeDir ${PIC_RUN}
Mutex file:${PIC_RUN}
Listen ${PIC_LISTEN}
ErrorLog /dev/stderr
LogLevel error dav:crit
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authn_core_module /usr/lib/apache2/modules/mod_authn_core.so
LoadModule authn_file_module /usr/lib/apache2/modules/mod_authn_file.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule authz_user_module /usr/lib/apache2/modules/mod_authz_user.so
LoadModule auth_basic_module /usr/lib/apache2/modules/mod_auth_basic.so
LoadModule dav_module /usr/lib/apache2/modules/mod_dav.so
LoadModule dav_fs_module /usr/lib/apache2/modules/mod_dav_fs.so
LoadModule mime_module /usr/lib/apache2/modules/mod_mime.so
LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so
TypesConfig /etc/mime.types
StartServers 1
ServerLimit 1
ThreadLimit 128
ThreadsPerChild 128
MaxRequestWorkers 128
Timeout 60
LimitXMLRequestBody 1048576
FileETag MTime Size
RequestHeader edit Destination ^https: http: early
Header always set X-Content-Type-Options nosniff
Header always set Content-Security-Policy "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'"
DAVLockDB ${PIC_STATE}/locks/DavLock
DocumentRoot ${PIC_STATE}/spaces
<Directory />
    AllowOverride None
    Options None
    Require all denied
</Directory>
IncludeOptional ${PIC_HERE}/spaces.conf
)";

/// Let in is the person, by password, or whom the daemon's door brings (door.hpp). A block a person, with a
/// name and no pattern: mod_dav asks for the rights at a MOVE's destination again, by what stands here, and
/// an expression over the request would then see the request's own path.
std::string space(const Label& name) {
    return fmt::format(R"(<Directory "${{PIC_STATE}}/spaces/{0}">
    Dav On
    AuthType Basic
    AuthName "files"
    AuthBasicProvider file
    AuthUserFile "${{PIC_LIVE}}/users"
    AuthzSendForbiddenOnFailure On
    <RequireAny>
        Require user {0}
        Require expr "%{{HTTP:X-Pic-Door}} == '${{PIC_DOOR}}' && %{{HTTP:X-Pic-Member}} == '{0}'"
    </RequireAny>
</Directory>
)",
                       name.text);
}

/// The parameter that has the agent make the folder of a person's space.
std::string folder_of(const Label& name) { return fmt::format("seed/spaces/{}/", name.text); }

}  // namespace

void render(Service, const World* before, const World& now, Renderer& out) {
    if (!now.get<cell::Service>().cell.claimed) return;
    if (before != nullptr && !before->get<cell::Service>().cell.claimed) before = nullptr;
    if (before == nullptr) {
        out.put(config_path, "0", {"Define PIC_DOOR ", door_key(), std::string(server_config)});
        out.put(spaces_path, "0", std::string("# a space a person\n"));
        out.put(users_path, "0", std::string("# name:hash\n"));
        out.parameter("seed/locks/", "");
        out.parameter("seed/spaces/", "");
    }
    accounts::each_touched_user(before, now, [&](const Uuid& id, const accounts::User* user) {
        const auto key = "user/" + to_string(id);
        out.remove(spaces_path, key);
        out.remove(users_path, key);
        if (user == nullptr || !accounts::may_use(*user, Service::name)) {
            const auto* gone = before == nullptr ? nullptr : before->get<accounts::Service>().users.find(id);
            if (gone != nullptr) out.remove(parameters_path, folder_of(gone->username));
            return;
        }
        out.put(spaces_path, key, space(user->username));
        out.parameter(folder_of(user->username), "");
        if (auto line = accounts::htpasswd_line(now, *user, Service::name); !line.empty())
            out.put(users_path, key, std::move(line));
    });
}

}  // namespace pic::files
