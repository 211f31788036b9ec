#include "controller/api/qr_image.hpp"

#include <fmt/format.h>
#include <qrencode.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace pic::api {
namespace {

constexpr std::size_t quiet = 4;   ///< modules around the code
constexpr std::size_t pixels = 6;  ///< a module's side in the PNG
constexpr std::size_t stored_block_limit = 65535;

struct Free {
    void operator()(QRcode* code) const { QRcode_free(code); }
};
using Code = std::unique_ptr<QRcode, Free>;

Code encode(std::string_view text) {
    return Code(QRcode_encodeString8bit(std::string(text).c_str(), 0, QR_ECLEVEL_L));
}

/// Dark? Outside of the code all is light.
bool dark(const QRcode& code, std::size_t x, std::size_t y) {
    const auto width = static_cast<std::size_t>(code.width);
    if (x < quiet || y < quiet || x >= quiet + width || y >= quiet + width) return false;
    return (code.data[(y - quiet) * width + (x - quiet)] & 1) != 0;
}

void put_number(std::string& out, std::uint32_t value) {
    for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(value >> shift & 0xff);
}

/// PNG (ISO/IEC 15948) 5.5: the CRC of a chunk.
std::uint32_t crc(std::string_view bytes) {
    std::uint32_t value = 0xffffffff;
    for (const char byte : bytes) {
        value ^= static_cast<unsigned char>(byte);
        for (int bit = 0; bit < 8; ++bit) value = (value & 1) != 0 ? 0xedb88320 ^ value >> 1 : value >> 1;
    }
    return ~value;
}

/// RFC 1950.
std::uint32_t adler(std::string_view bytes) {
    std::uint32_t a = 1, b = 0;
    for (const char byte : bytes) {
        a = (a + static_cast<unsigned char>(byte)) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

void put_chunk(std::string& out, std::string_view type, std::string_view data) {
    put_number(out, static_cast<std::uint32_t>(data.size()));
    const auto body = std::string(type).append(data);
    out += body;
    put_number(out, crc(body));
}

/// A zlib stream (RFC 1950) of stored blocks (RFC 1951 3.2.4).
std::string stored(std::string_view data) {
    std::string out = "\x78\x01";
    const auto sum = adler(data);
    while (true) {
        const auto block = data.substr(0, stored_block_limit);
        data.remove_prefix(block.size());
        out += data.empty() ? '\1' : '\0';
        const auto size = static_cast<std::uint16_t>(block.size());
        for (const auto part : {size, static_cast<std::uint16_t>(~size)}) {
            out += static_cast<char>(part & 0xff);
            out += static_cast<char>(part >> 8);
        }
        out += block;
        if (data.empty()) break;
    }
    put_number(out, sum);
    return out;
}

}  // namespace

std::optional<std::string> qr_svg(std::string_view text) {
    const auto code = encode(text);
    if (!code) return std::nullopt;
    const auto side = static_cast<std::size_t>(code->width) + 2 * quiet;
    auto out = fmt::format(
        R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {0}" shape-rendering="crispEdges"><rect width="{0}" height="{0}" fill="#fff"/><path d=")",
        side);
    for (std::size_t y = 0; y < side; ++y) {
        for (std::size_t x = 0; x < side; ++x) {
            if (dark(*code, x, y)) out += fmt::format("M{},{}h1v1h-1z", x, y);
        }
    }
    return out + R"("/></svg>)";
}

std::optional<std::string> qr_png(std::string_view text) {
    const auto code = encode(text);
    if (!code) return std::nullopt;
    const auto modules = static_cast<std::size_t>(code->width) + 2 * quiet;
    const auto side = modules * pixels;
    std::string rows;
    for (std::size_t y = 0; y < side; ++y) {
        rows += '\0';  // no filter
        std::string row((side + 7) / 8, '\0');
        for (std::size_t x = 0; x < side; ++x) {
            if (dark(*code, x / pixels, y / pixels)) continue;
            row[x / 8] = static_cast<char>(static_cast<unsigned char>(row[x / 8]) | 0x80U >> x % 8);
        }
        rows += row;
    }
    std::string header;
    put_number(header, static_cast<std::uint32_t>(side));
    put_number(header, static_cast<std::uint32_t>(side));
    header += std::string_view("\1\0\0\0\0", 5);  // 1 bit, greyscale
    std::string out = "\x89PNG\r\n\x1a\n";
    put_chunk(out, "IHDR", header);
    put_chunk(out, "IDAT", stored(rows));
    put_chunk(out, "IEND", {});
    return out;
}

}  // namespace pic::api
