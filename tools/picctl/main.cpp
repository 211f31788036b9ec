#include "tools/picctl/command_line.hpp"

int main(int argc, char** argv) {
    auto terminal = pic::cli::real_terminal();
    return pic::cli::run({argv + 1, argv + argc}, terminal);
}
