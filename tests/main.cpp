#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

#ifdef __SANITIZE_THREAD__
/// Libzmq is not built for ThreadSanitizer, which therefore cannot see how it hands a message from one thread
/// to another and takes every such message for a race. Reports without a frame of libzmq's are untouched.
extern "C" const char* __tsan_default_suppressions() {
    return "race:libzmq.so\n"
           "called_from_lib:libzmq.so\n";
}
#endif
