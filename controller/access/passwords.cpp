#include "controller/access/passwords.hpp"

#include <crypt.h>
#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <future>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace pic::access {

using vault::Secret;

namespace {

/// libsodium wants a terminated string in an array of this size.
using HashText = std::array<char, crypto_pwhash_STRBYTES>;

HashText terminated(std::string_view text) {
    HashText hash{};
    std::memcpy(hash.data(), text.data(), std::min(text.size(), hash.size() - 1));
    return hash;
}

Result<Secret> hash_now(const Secret& password, const PasswordOptions& options) {
    HashText hash{};
    if (crypto_pwhash_str_alg(hash.data(), password.reveal().data(), password.size(), options.passes,
                              static_cast<std::size_t>(options.memory), crypto_pwhash_ALG_ARGON2ID13) != 0) {
        return reject("sign_in_busy", "there is no memory left to hash a password");
    }
    Secret text = Secret::copy_of(hash.data());
    sodium_memzero(hash.data(), hash.size());
    return text;
}

/// A well-formed hash with today's costs that no password has: what an unknown user is verified against.
Secret dummy_hash(const PasswordOptions& options) {
    return Secret::copy_of(fmt::format("$argon2id$v=19$m={},t={},p=1${:A>22}${:A>43}", options.memory / 1024,
                                       options.passes, "", ""));
}

Passwords::Verdict verify_now(const Secret& password, const Secret& stored, const PasswordOptions& options) {
    HashText hash = terminated(stored.reveal());
    Passwords::Verdict verdict;
    verdict.matches = crypto_pwhash_str_verify(hash.data(), password.reveal().data(), password.size()) == 0;
    verdict.outdated = crypto_pwhash_str_needs_rehash(hash.data(), options.passes,
                                                      static_cast<std::size_t>(options.memory)) != 0;
    sodium_memzero(hash.data(), hash.size());
    return verdict;
}

constexpr const char* bcrypt_prefix = "$2y$";
constexpr const char* sha512_prefix = "$6$";
constexpr unsigned long bcrypt_cost = 10, bcrypt_cost_random = 5;  // 2^cost rounds
constexpr unsigned long sha512_rounds = 50'000, sha512_rounds_random = 1'000;
constexpr std::size_t bcrypt_bytes = 72;  // what bcrypt looks at; newer libraries refuse more

/// crypt(3) with a salt of its own.
Secret crypt_now(const Secret& password, const char* prefix, unsigned long cost) {
    std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
    const auto work = std::make_unique<crypt_data>();
    const auto text = password.reveal().substr(0, prefix == bcrypt_prefix ? bcrypt_bytes : password.size());
    Secret terminated_text(text.size() + 1);
    std::ranges::copy(text, terminated_text.bytes().begin());
    const char* hash = nullptr;
    if (crypt_gensalt_rn(prefix, cost, nullptr, 0, setting.data(), static_cast<int>(setting.size())) !=
        nullptr) {
        hash = crypt_rn(terminated_text.reveal().data(), setting.data(), work.get(), sizeof *work);
    }
    if (hash == nullptr) throw std::runtime_error(std::string("libcrypt does not know ") + prefix);
    Secret made = Secret::copy_of(hash);
    sodium_memzero(work.get(), sizeof *work);
    return made;
}

std::unexpected<Rejection> too_long() {
    return reject("password_too_long", fmt::format("a password has at most {} bytes", password_length_max));
}

}  // namespace

ServiceForms hash_random_password(const Secret& password) {
    return {crypt_now(password, bcrypt_prefix, bcrypt_cost_random),
            crypt_now(password, sha512_prefix, sha512_rounds_random)};
}

struct Passwords::State {
    /// Does its work, or with `refusal` says why it will not be done.
    using Job = std::move_only_function<void(const Rejection* refusal)>;

    explicit State(PasswordOptions with) : options(with), dummy(dummy_hash(with)) {
        for (std::size_t i = 0; i < options.at_once; ++i) threads.emplace_back([this] { work(); });
    }

    ~State() {
        {
            const std::lock_guard lock(mutex);
            stopping = true;
        }
        wake.notify_all();
        for (std::thread& thread : threads) thread.join();
        const Rejection refusal{"shutting_down", "the controller is stopping"};
        for (Job& job : queue) job(&refusal);
    }

    void work() {
        std::unique_lock lock(mutex);
        for (;;) {
            wake.wait(lock, [this] { return stopping || !queue.empty(); });
            if (stopping) return;
            Job job = std::move(queue.front());
            queue.pop_front();
            lock.unlock();
            job(nullptr);
            lock.lock();
        }
    }

    void submit(Job job) {
        {
            const std::lock_guard lock(mutex);
            if (!stopping && queue.size() < options.queue_limit) {
                queue.push_back(std::move(job));
                wake.notify_one();
                return;
            }
        }
        const Rejection refusal{"sign_in_busy", "too many sign-ins at once; try again in a moment"};
        job(&refusal);
    }

    Result<Secret> hash(const Secret& password) {
        ++computed;
        return hash_now(password, options);
    }

    Verdict verify(const Secret& password, const std::optional<Secret>& stored) {
        ++computed;
        auto verdict = verify_now(password, stored ? *stored : dummy, options);
        verdict.matches = verdict.matches && stored;
        return verdict;
    }

    const PasswordOptions options;
    const Secret dummy;
    std::atomic<std::uint64_t> computed = 0;
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<Job> queue;
    bool stopping = false;
    std::vector<std::thread> threads;
};

Passwords::Passwords(PasswordOptions options) : state_(std::make_unique<State>(options)) {}
Passwords::~Passwords() = default;

void Passwords::hash(Secret password, Hashed done) {
    if (password.size() > password_length_max) return done(too_long());
    state_->submit([state = state_.get(), password = std::move(password),
                    done = std::move(done)](const Rejection* refusal) mutable {
        refusal ? done(std::unexpected(*refusal)) : done(state->hash(password));
    });
}

Result<PasswordForms> Passwords::hash_all(Secret password) {
    if (password.size() > password_length_max) return too_long();
    std::promise<Result<PasswordForms>> made;
    auto waiting = made.get_future();
    state_->submit([&](const Rejection* refusal) {
        if (refusal) return made.set_value(std::unexpected(*refusal));
        auto argon2id = state_->hash(password);
        if (!argon2id) return made.set_value(std::unexpected(std::move(argon2id.error())));
        made.set_value(PasswordForms{*std::move(argon2id), crypt_now(password, bcrypt_prefix, bcrypt_cost),
                                     crypt_now(password, sha512_prefix, sha512_rounds)});
    });
    return waiting.get();
}

void Passwords::verify(Secret password, std::optional<Secret> stored, Verified done) {
    if (password.size() > password_length_max) return done(too_long());
    state_->submit([state = state_.get(), password = std::move(password), stored = std::move(stored),
                    done = std::move(done)](const Rejection* refusal) mutable {
        if (refusal) return done(std::unexpected(*refusal));
        done(state->verify(password, stored));
    });
}

std::uint64_t Passwords::computed() const { return state_->computed; }

}  // namespace pic::access
