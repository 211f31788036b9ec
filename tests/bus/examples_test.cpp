// The shipped examples, as programs: each follows the log through restarts and kills of either side.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include "bus/cell.hpp"
#include "support/temp_folder.hpp"

using namespace pic;
using namespace pic::bus;
using namespace pic::bus::test;

extern char** environ;

namespace {

/// One run after another of a subscriber program, all printing to one file.
class Follower {
  public:
    Follower(const Cell& cell, const pic::test::TempFolder& folder, std::vector<std::string> program)
        : output_(folder / "output"), position_(folder / "position"), program_(std::move(program)) {
        const auto keys = folder / "key";
        pair = load_or_make_key_pair(keys).value();
        for (const auto& word : {cell.endpoint, cell.keys.public_key, keys.string(), position_.string()}) {
            program_.push_back(word);
        }
    }
    ~Follower() { end(SIGKILL); }
    Follower(const Follower&) = delete;
    Follower& operator=(const Follower&) = delete;

    void start() {
        std::vector<char*> words;
        for (auto& word : program_) words.push_back(word.data());
        words.push_back(nullptr);
        posix_spawn_file_actions_t files;
        posix_spawn_file_actions_init(&files);
        posix_spawn_file_actions_addopen(&files, 1, output_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
        posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
        REQUIRE(::posix_spawn(&pid_, words[0], &files, nullptr, words.data(), environ) == 0);
        posix_spawn_file_actions_destroy(&files);
    }
    /// The exit status as waitpid(2) gives it.
    int end(int signal) {
        if (pid_ <= 0) return 0;
        ::kill(pid_, signal);
        return wait();
    }
    int wait() {
        int status = 0;
        ::waitpid(pid_, &status, 0);
        pid_ = -1;
        return status;
    }
    /// Sequences as printed. A kill may have cut the last line of a run; the next run's first is then behind
    /// it.
    std::vector<std::uint64_t> printed() const {
        std::ifstream in(output_);
        std::vector<std::uint64_t> sequences;
        for (std::string line; std::getline(in, line);) {
            const auto start = line.rfind(R"({"seq":)");
            if (start != std::string::npos && line.ends_with('}'))
                sequences.push_back(std::stoull(line.substr(start + 7)));
        }
        return sequences;
    }
    bool has_printed(Sequence sequence) const {
        const auto all = printed();
        return std::ranges::find(all, sequence.value) != all.end();
    }
    void remember(const Position& position) const { std::ofstream(position_) << format_position(position); }

    KeyPair pair;

  private:
    std::filesystem::path output_;
    std::filesystem::path position_;
    std::vector<std::string> program_;
    pid_t pid_ = -1;
};

std::vector<std::string> program_of(const std::string& language) {
    if (language == "C++") return {PIC_BINARY_DIR "/example-subscriber"};
    return {"/usr/bin/python3", PIC_SOURCE_DIR "/tools/examples/subscriber.py"};
}

}  // namespace

TEST_CASE("the examples follow the log through restarts of either side and miss nothing", "[examples]") {
    const std::string language = GENERATE("C++", "Python");
    CAPTURE(language);
    Cell cell;
    const pic::test::TempFolder folder;
    Follower follower(cell, folder, program_of(language));
    cell.allow(follower.pair, subscriber_of("example"));
    cell.append();
    follower.start();
    REQUIRE(eventually([&] { return follower.has_printed(Sequence{1}); }));

    std::mt19937 random(2026);
    constexpr int rounds = 8;
    for (int round = 0; round < rounds; ++round) {
        const bool stop_cell = round % 2 == 0;
        if (stop_cell) cell.stop();
        for (auto events = random() % 50; events > 0; --events) cell.append();
        if (stop_cell) {
            cell.start();
        } else {
            follower.end(round % 4 == 1 ? SIGKILL : SIGTERM);
            for (auto events = random() % 50; events > 0; --events) cell.append();
            follower.start();
        }
        // Half of the rounds begin with a reader that is well under way, the others wherever it happens to
        // be.
        if (random() % 2 == 0)
            REQUIRE(eventually([&] { return follower.has_printed(cell.head().sequence); }));
    }
    const auto last = cell.append();
    REQUIRE(eventually([&] { return follower.has_printed(last); }, 3 * patience));

    const auto printed = follower.printed();
    const std::set<std::uint64_t> distinct(printed.begin(), printed.end());
    CHECK(distinct.size() == last.value);
    CHECK(*distinct.rbegin() == last.value);
}

TEST_CASE("the examples stop at a signal and go on without printing anything twice", "[examples]") {
    const std::string language = GENERATE("C++", "Python");
    CAPTURE(language);
    Cell cell;
    const pic::test::TempFolder folder;
    Follower follower(cell, folder, program_of(language));
    cell.allow(follower.pair, subscriber_of("example"));
    for (std::uint64_t wanted = 3; wanted <= 9; wanted += 3) {
        for (int i = 0; i < 3; ++i) cell.append();
        follower.start();
        REQUIRE(eventually([&] {
            std::ifstream position(folder / "position");
            std::string cell_id;
            std::uint64_t epoch = 0;
            std::uint64_t sequence = 0;
            return (position >> cell_id >> epoch >> sequence) && sequence == wanted;
        }));
        const int status = follower.end(SIGTERM);
        CHECK(WIFEXITED(status));
        CHECK(WEXITSTATUS(status) == 0);
    }
    CHECK(follower.printed() == std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7, 8, 9});
}

TEST_CASE("the examples stop with a sentence when their position does not fit the log", "[examples]") {
    const std::string language = GENERATE("C++", "Python");
    CAPTURE(language);
    Cell cell;
    const pic::test::TempFolder folder;
    Follower follower(cell, folder, program_of(language));
    cell.allow(follower.pair, subscriber_of("example"));
    follower.remember(cell.at(17));
    follower.start();
    const int status = follower.wait();
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 3);
}
