// What a sanitizer has to see: the guard of the tests is tried on it. Built in sanitized builds alone.
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string_view>
#include <thread>

namespace {

int counter = 0;

void count() {
    for (int i = 0; i < 1000; ++i) ++counter;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view fault = argc > 1 ? argv[1] : "";
    if (fault == "overflow") {
        volatile int largest = std::numeric_limits<int>::max();
        largest = largest + argc;
    } else if (fault == "leak") {
        void* volatile lost = std::malloc(16);
        lost = nullptr;
        std::printf("%p\n", lost);
    } else if (fault == "race") {
        std::thread other(count);
        count();
        other.join();
    }
}
