// A QR code in a terminal: two modules a character, by half blocks.
#pragma once

#include <iosfwd>
#include <string>

namespace pic::cli {

/// Level L, with the quiet zone that ISO/IEC 18004 asks for. `colours`: black on white whatever the
/// terminal's own are; without, light modules are drawn, as suits a dark terminal. Throws Failure (refused)
/// where the text is too long.
void print_qr(std::ostream& out, const std::string& text, bool colours);

}  // namespace pic::cli
