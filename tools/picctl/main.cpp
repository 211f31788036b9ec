#include "schema/private_memory.hpp"
#include "tools/picctl/command_line.hpp"

int main(int argc, char** argv) {
    pic::keep_memory_private();  // a password may be typed into it
    auto terminal = pic::cli::real_terminal();
    return pic::cli::run({argv + 1, argv + argc}, terminal);
}
