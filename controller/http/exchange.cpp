#include "controller/http/exchange.hpp"

namespace pic::http {

void Exchange::answer(Response made) {
    response = std::move(made);
    answered = true;
    if (resume) std::exchange(resume, nullptr)();
}

void Mailbox::post(Work work) {
    const std::lock_guard lock(mutex_);
    if (!wake_) return;
    waiting_.push_back(std::move(work));
    if (waiting_.size() == 1) wake_();
}

void Mailbox::deliver(std::shared_ptr<Exchange> exchange, Response response) {
    if (is_owner()) return exchange->answer(std::move(response));
    post([exchange = std::move(exchange), response = std::move(response)]() mutable {
        exchange->answer(std::move(response));
    });
}

void Mailbox::drain() {
    std::vector<Work> batch;
    {
        const std::lock_guard lock(mutex_);
        batch.swap(waiting_);
    }
    for (auto& work : batch) work();
}

void Mailbox::close() {
    std::vector<Work> dropped;
    const std::lock_guard lock(mutex_);
    wake_ = nullptr;
    dropped.swap(waiting_);
}

Responder::Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}

Responder::~Responder() {
    if (!exchange_) return;
    std::move (*this)(Rejection{"internal", "No answer was made."});
}

void Responder::operator()(Response response) && {
    auto exchange = std::exchange(exchange_, nullptr);
    if (!exchange) return;
    auto& mailbox = *exchange->mailbox;
    mailbox.deliver(std::move(exchange), std::move(response));
}

void Responder::operator()(const Rejection& rejection) && {
    if (exchange_) std::move (*this)(problem(rejection, exchange_->request.request_id));
}

}  // namespace pic::http
