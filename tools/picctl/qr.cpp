#include "tools/picctl/qr.hpp"

#include <qrencode.h>

#include <memory>
#include <ostream>

#include "tools/picctl/failure.hpp"

namespace pic::cli {
namespace {

constexpr int quiet_zone = 4;  ///< modules

struct FreeCode {
    void operator()(QRcode* code) const { QRcode_free(code); }
};

class Modules {
  public:
    explicit Modules(const std::string& text)
        : code_(QRcode_encodeString8bit(text.c_str(), 0, QR_ECLEVEL_L)) {
        if (!code_) throw Failure(ExitCode::refused, "too long for a QR code");
    }
    [[nodiscard]] int first() const { return -quiet_zone; }
    [[nodiscard]] int end() const { return code_->width + quiet_zone; }
    [[nodiscard]] bool dark(int row, int column) const {
        if (row < 0 || column < 0 || row >= code_->width || column >= code_->width) return false;
        return (code_->data[row * code_->width + column] & 1U) != 0;
    }

  private:
    std::unique_ptr<QRcode, FreeCode> code_;
};

/// The character that draws its upper half and its lower half where told to.
const char* half_block(bool upper, bool lower) {
    if (upper && lower) return "\u2588";
    if (upper) return "\u2580";
    return lower ? "\u2584" : " ";
}

}  // namespace

void print_qr(std::ostream& out, const std::string& text, bool colours) {
    const Modules modules(text);
    for (int row = modules.first(); row < modules.end(); row += 2) {
        if (colours) out << "\033[30;107m";
        for (int column = modules.first(); column < modules.end(); ++column) {
            const bool upper = modules.dark(row, column);
            const bool lower = modules.dark(row + 1, column);
            out << (colours ? half_block(upper, lower) : half_block(!upper, !lower));
        }
        out << (colours ? "\033[0m\n" : "\n");
    }
}

}  // namespace pic::cli
