#include "controller/backup/archive.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <system_error>
#include <utility>

#include "controller/backup/sealed_stream.hpp"
#include "controller/vault/descriptor.hpp"

namespace pic::backup {

using vault::Descriptor;
using vault::KdfCost;
using vault::Secret;

namespace {

std::unexpected<Rejection> io_failure(const char* doing, const std::filesystem::path& file) {
    return reject("backup_unwritable",
                  fmt::format("cannot {} {}: {}", doing, file.string(), std::strerror(errno)));
}

std::unexpected<Rejection> bad_member(std::string detail) {
    return reject("backup_member_invalid", std::move(detail));
}

/// No slash, no leading dot: a name can only ever be a file in the staging folder.
bool is_member_name(std::string_view name) {
    const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    return !name.empty() && name.size() <= member_name_limit && alphanumeric(name[0]) &&
           std::ranges::all_of(name,
                               [&](char c) { return alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

/// Manifests are checked by the same rules when written and when read.
Result<void> check_members(const std::vector<MemberInfo>& members, std::uint64_t size_limit) {
    if (members.empty() || members.size() > members_limit) return bad_member("a backup has 1 to 16 members");
    std::uint64_t total = 0;
    for (auto member = members.begin(); member != members.end(); ++member) {
        if (!is_member_name(member->name))
            return bad_member("a member of the backup has a name that is none of ours");
        if (std::ranges::find(members.begin(), member, member->name, &MemberInfo::name) != member) {
            return bad_member(fmt::format("the backup holds {} twice", member->name));
        }
        if (member->size > size_limit - total) {
            return reject("backup_too_large", fmt::format("the backup holds more than {} bytes", size_limit));
        }
        total += member->size;
    }
    return {};
}

std::string encode(const Manifest& manifest) {
    std::string bytes;
    const auto number = [&bytes](std::uint64_t value, int size) {
        for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
    };
    number(manifest.members.size(), 1);
    for (const MemberInfo& member : manifest.members) {
        number(member.name.size(), 1);
        bytes += member.name;
        number(member.size, 8);
    }
    return bytes;
}

// --- writing

struct Source {
    MemberInfo info;
    Descriptor file{-1};             ///< or
    std::string_view memory;         ///< or
    const Stream* stream = nullptr;  ///< of a Member that outlives this
};

Result<Source> open_source(const Member& member) {
    if (const auto* secret = std::get_if<Secret>(&member.content)) {
        return Source{.info = {member.name, secret->size()}, .memory = secret->reveal()};
    }
    if (const auto* stream = std::get_if<Stream>(&member.content)) {
        return Source{.info = {member.name, stream->size}, .memory = {}, .stream = stream};
    }
    const auto& path = std::get<std::filesystem::path>(member.content);
    Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat status{};
    if (!file || ::fstat(file.number(), &status) != 0) return io_failure("read", path);
    if (!S_ISREG(status.st_mode)) return bad_member(fmt::format("{} is not a plain file", path.string()));
    return Source{.info = {member.name, static_cast<std::uint64_t>(status.st_size)},
                  .file = std::move(file),
                  .memory = {}};
}

std::unexpected<Rejection> changed_meanwhile(const Source& source) {
    return bad_member(fmt::format("{} changed while it was being read", source.info.name));
}

Result<void> write_stream(SealedWriter& writer, const Source& source) {
    Result<void> written;
    std::uint64_t left = source.info.size;
    source.stream->read([&](std::string_view bytes) {
        if (bytes.size() > left) {
            written = changed_meanwhile(source);
        } else {
            left -= bytes.size();
            written = writer.write(bytes);
        }
        return written.has_value();
    });
    if (written && left != 0) written = changed_meanwhile(source);
    return written;
}

Result<void> write_source(SealedWriter& writer, const Source& source) {
    if (source.stream != nullptr) return write_stream(writer, source);
    if (!source.file) return writer.write(source.memory);
    Secret buffer(chunk_size);
    std::uint64_t left = source.info.size;
    for (;;) {
        const ssize_t got = source.file.read_up_to(buffer.bytes().data(), buffer.size());
        if (got < 0) return io_failure("read", source.info.name);
        if (static_cast<std::uint64_t>(got) > left || (got == 0 && left > 0)) {
            return changed_meanwhile(source);
        }
        if (got == 0) return {};
        left -= static_cast<std::uint64_t>(got);
        if (auto written = writer.write(buffer.reveal().substr(0, static_cast<std::size_t>(got))); !written)
            return written;
    }
}

Result<Manifest> write_into(const Descriptor& file, const Secret& passphrase, std::span<const Member> members,
                            const KdfCost& cost) {
    std::vector<Source> sources;
    Manifest manifest;
    for (const Member& member : members) {
        auto source = open_source(member);
        if (!source) return std::unexpected(std::move(source).error());
        manifest.members.push_back(source->info);
        sources.push_back(std::move(*source));
    }
    if (auto good = check_members(manifest.members, archive_size_limit); !good)
        return std::unexpected(good.error());

    auto writer = SealedWriter::begin(file, passphrase, cost);
    if (!writer) return std::unexpected(std::move(writer).error());
    Result<void> written = writer->write(encode(manifest));
    for (const Source& source : sources) {
        if (written) written = write_source(*writer, source);
    }
    if (written) written = writer->finish();
    if (!written) return std::unexpected(std::move(written).error());
    return manifest;
}

/// Removes a file when the scope ends.
class Unlink {
  public:
    explicit Unlink(const std::filesystem::path& file) : file_(file) {}
    ~Unlink() { ::unlink(file_.c_str()); }
    Unlink(const Unlink&) = delete;
    Unlink& operator=(const Unlink&) = delete;

  private:
    const std::filesystem::path& file_;
};

Result<void> sync_folder_of(const std::filesystem::path& file) {
    const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
    const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!descriptor || ::fsync(descriptor.number()) != 0) return io_failure("sync", folder);
    return {};
}

// --- reading

/// Reads to the end and keeps nothing. How many bytes there were.
Result<std::uint64_t> authenticate(const Descriptor& file, const ArchiveKey& key) {
    auto reader = SealedReader::begin(file, key);
    if (!reader) return std::unexpected(std::move(reader).error());
    std::uint64_t size = 0;
    for (;;) {
        auto bytes = reader->read(chunk_size);
        if (!bytes) return std::unexpected(std::move(bytes).error());
        if (bytes->empty()) return size;
        size += bytes->size();
    }
}

/// Exactly `size` bytes, which are few.
Result<std::string> take(SealedReader& reader, std::size_t size) {
    std::string taken;
    while (taken.size() < size) {
        auto bytes = reader.read(size - taken.size());
        if (!bytes) return std::unexpected(std::move(bytes).error());
        if (bytes->empty()) return bad_member("the backup's list of members is incomplete");
        taken += *bytes;
    }
    return taken;
}

Result<std::uint64_t> take_number(SealedReader& reader, std::size_t size) {
    const auto bytes = take(reader, size);
    if (!bytes) return std::unexpected(bytes.error());
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < size; ++i)
        number |= std::uint64_t{static_cast<unsigned char>((*bytes)[i])} << (8 * i);
    return number;
}

Result<Manifest> take_manifest(SealedReader& reader) {
    const auto count = take_number(reader, 1);
    if (!count) return std::unexpected(count.error());
    Manifest manifest;
    for (std::uint64_t i = 0; i < *count; ++i) {
        const auto length = take_number(reader, 1);
        if (!length) return std::unexpected(length.error());
        auto name = take(reader, *length);
        if (!name) return std::unexpected(std::move(name).error());
        const auto size = take_number(reader, 8);
        if (!size) return std::unexpected(size.error());
        manifest.members.push_back({std::move(*name), *size});
    }
    return manifest;
}

Result<void> extract(SealedReader& reader, const MemberInfo& member, const Descriptor& folder) {
    const Descriptor file(::openat(folder.number(), member.name.c_str(),
                                   O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return io_failure("create", member.name);
    for (std::uint64_t left = member.size; left > 0;) {
        const auto bytes = reader.read(std::min<std::uint64_t>(left, chunk_size));
        if (!bytes) return std::unexpected(bytes.error());
        if (bytes->empty()) return bad_member("the backup ends before its members do");
        if (!file.write_all(*bytes)) return io_failure("write", member.name);
        left -= bytes->size();
    }
    if (::fsync(file.number()) != 0) return io_failure("sync", member.name);
    return {};
}

/// The second pass: everything read here has been seen to be authentic and complete.
Result<Manifest> extract_all(const Descriptor& file, const ArchiveKey& key,
                             const std::filesystem::path& staging, std::uint64_t plain_size,
                             std::uint64_t size_limit) {
    auto reader = SealedReader::begin(file, key);
    if (!reader) return std::unexpected(std::move(reader).error());
    auto manifest = take_manifest(*reader);
    if (!manifest) return manifest;
    if (auto good = check_members(manifest->members, size_limit); !good) return std::unexpected(good.error());
    std::uint64_t expected = encode(*manifest).size();
    for (const MemberInfo& member : manifest->members) expected += member.size;
    if (expected != plain_size) return bad_member("the sizes of the backup's members do not add up");

    const Descriptor folder(::open(staging.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (!folder) return io_failure("open", staging);
    for (const MemberInfo& member : manifest->members) {
        if (auto extracted = extract(*reader, member, folder); !extracted)
            return std::unexpected(extracted.error());
    }
    if (::fsync(folder.number()) != 0) return io_failure("sync", staging);
    return manifest;
}

}  // namespace

Result<Manifest> write_archive(const std::filesystem::path& archive, const Secret& passphrase,
                               std::span<const Member> members, KdfCost cost, Keep keep) {
    if (passphrase.size() < passphrase_length_min) {
        return reject("passphrase_too_short",
                      fmt::format("a passphrase has at least {} bytes", passphrase_length_min));
    }
    std::filesystem::path draft = archive;
    draft += ".part";
    Descriptor file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return io_failure("create", draft);
    const Unlink no_draft(draft);
    Result<Manifest> manifest = write_into(file, passphrase, members, cost);
    if (manifest && keep == Keep::on_disk && ::fsync(file.number()) != 0)
        manifest = io_failure("sync", draft);
    // link() instead of rename(): it does not replace what is there.
    if (manifest && ::link(draft.c_str(), archive.c_str()) != 0) {
        manifest = errno == EEXIST
                       ? reject("backup_exists", fmt::format("{} exists already", archive.string()))
                       : io_failure("put in place", archive);
    }
    if (!manifest || keep != Keep::on_disk) return manifest;
    if (auto synced = sync_folder_of(archive); !synced) return std::unexpected(std::move(synced).error());
    return manifest;
}

Result<Manifest> read_archive(const std::filesystem::path& archive, const Secret& passphrase,
                              const std::filesystem::path& staging, std::uint64_t size_limit) {
    const Descriptor file(::open(archive.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status{};
    if (!file || ::fstat(file.number(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return reject("backup_missing", fmt::format("there is no backup at {}", archive.string()));
    }
    const auto key = read_header(file, passphrase);
    if (!key) return std::unexpected(key.error());
    const auto plain_size = authenticate(file, *key);
    if (!plain_size) return std::unexpected(plain_size.error());
    if (::lseek(file.number(), header_size, SEEK_SET) < 0) return io_failure("read", archive);

    if (::mkdir(staging.c_str(), 0700) != 0) {
        if (errno != EEXIST) return io_failure("create", staging);
        return reject("backup_exists", fmt::format("{} exists already", staging.string()));
    }
    Result<Manifest> manifest = extract_all(file, *key, staging, *plain_size, size_limit);
    if (!manifest) {
        std::error_code ignored;
        std::filesystem::remove_all(staging, ignored);
    }
    return manifest;
}

}  // namespace pic::backup
