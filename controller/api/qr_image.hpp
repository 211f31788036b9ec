// A text as a QR code (ISO/IEC 18004), drawn as SVG or PNG. The PNG is 1 bit a pixel in stored (uncompressed)
// blocks: a picture of a few kilobytes does not need zlib.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pic::api {

/// Nothing where the text is too long for a QR code.
[[nodiscard]] std::optional<std::string> qr_svg(std::string_view text);
[[nodiscard]] std::optional<std::string> qr_png(std::string_view text);

}  // namespace pic::api
