#include "bus/keys.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace pic::bus {
namespace {

/// Two keys and two line ends; anything longer is no key file.
constexpr std::size_t key_file_length = 2 * (z85_key_length + 1);
/// The characters of RFC 32/Z85. libzmq's decoder reads beyond its table for bytes outside ASCII, so they are
/// judged before it sees them.
constexpr std::string_view z85_alphabet =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

using Z85Buffer = std::array<char, z85_key_length + 1>;

struct File {
    int descriptor = -1;
    ~File() {
        if (descriptor >= 0) ::close(descriptor);
    }
};

std::unexpected<Rejection> file_refused(const std::filesystem::path& file, std::string_view what) {
    return reject("key_file", "The key file " + file.string() + " " + std::string(what) + ".");
}

std::unexpected<Rejection> file_failed(const std::filesystem::path& file, std::string_view what) {
    return file_refused(file, std::string(what) + ": " + std::strerror(errno));
}

bool write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

/// Makes the new name itself last through a loss of power.
void sync_folder_of(const std::filesystem::path& file) {
    const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
    const File opened{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (opened.descriptor >= 0) ::fsync(opened.descriptor);
}

}  // namespace

SecretKey::~SecretKey() { sodium_memzero(z85_.data(), z85_.size()); }

KeyPair make_key_pair() {
    Z85Buffer public_key{};
    Z85Buffer secret_key{};
    if (zmq_curve_keypair(public_key.data(), secret_key.data()) != 0) {
        throw std::runtime_error("libzmq was built without CURVE");
    }
    KeyPair pair{public_key.data(), SecretKey(secret_key.data())};
    sodium_memzero(secret_key.data(), secret_key.size());
    return pair;
}

bool is_key(std::string_view z85) {
    if (z85.size() != z85_key_length || z85.find_first_not_of(z85_alphabet) != std::string_view::npos)
        return false;
    std::array<std::uint8_t, raw_key_length> raw{};
    const bool decodes = zmq_z85_decode(raw.data(), std::string(z85).c_str()) != nullptr;
    sodium_memzero(raw.data(), raw.size());
    return decodes;
}

Result<KeyPair> key_pair_of(SecretKey secret) {
    if (!is_key(secret.reveal())) return reject("bad_key", "A key is 40 characters of Z85.");
    Z85Buffer public_key{};
    if (zmq_curve_public(public_key.data(), secret.reveal().c_str()) != 0) {
        return reject("bad_key", "This is no Curve25519 secret key.");
    }
    return KeyPair{public_key.data(), std::move(secret)};
}

Result<void> save_key_pair(const std::filesystem::path& path, const KeyPair& pair) {
    const File file{
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR)};
    if (file.descriptor < 0) return file_failed(path, "cannot be made");
    auto text = pair.public_key + '\n' + pair.secret_key.reveal() + '\n';
    const bool kept = write_all(file.descriptor, text) && ::fsync(file.descriptor) == 0;
    sodium_memzero(text.data(), text.size());
    if (!kept) return file_failed(path, "cannot be written");
    sync_folder_of(path);
    return {};
}

Result<KeyPair> load_key_pair(const std::filesystem::path& path) {
    const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.descriptor < 0) return file_failed(path, "cannot be opened");
    struct stat info{};
    if (::fstat(file.descriptor, &info) != 0) return file_failed(path, "cannot be looked at");
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return file_refused(path, "may be read by others; its mode must be 0600");
    std::array<char, key_file_length + 1> text{};
    const auto size = ::read(file.descriptor, text.data(), text.size());
    if (size < 0) return file_failed(path, "cannot be read");
    const std::string_view lines(text.data(), static_cast<std::size_t>(size));
    const bool well_formed =
        lines.size() == key_file_length && lines[z85_key_length] == '\n' && lines.back() == '\n';
    if (!well_formed) return reject("bad_key", "The key file " + path.string() + " does not hold two keys.");
    const std::string public_key(lines.substr(0, z85_key_length));
    auto pair = key_pair_of(SecretKey(std::string(lines.substr(z85_key_length + 1, z85_key_length))));
    sodium_memzero(text.data(), text.size());
    if (pair && pair->public_key != public_key) {
        return reject("bad_key", "The two keys of " + path.string() + " are not a pair.");
    }
    return pair;
}

Result<KeyPair> load_or_make_key_pair(const std::filesystem::path& path) {
    if (std::filesystem::exists(path)) return load_key_pair(path);
    auto pair = make_key_pair();
    if (auto saved = save_key_pair(path, pair); !saved) return std::unexpected(saved.error());
    return pair;
}

}  // namespace pic::bus
