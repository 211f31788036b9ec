// Where a request's body goes: into memory, or into a file for the few calls that take large ones. A Body in
// Beast's sense.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/optional.hpp>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

namespace pic::http {

struct Sink {
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    std::string text;
    std::unique_ptr<std::FILE, Close> file;  ///< set: the body goes there
};

struct SinkBody {
    using value_type = Sink;

    class reader {
      public:
        template <bool is_request, class Fields>
        reader(boost::beast::http::header<is_request, Fields>&, value_type& sink) : sink_(sink) {}

        void init(const boost::optional<std::uint64_t>& length, boost::system::error_code& error) {
            error = {};
            if (length && !sink_.file) sink_.text.reserve(static_cast<std::size_t>(*length));
        }

        template <class Buffers>
        std::size_t put(const Buffers& buffers, boost::system::error_code& error) {
            error = {};
            std::size_t taken = 0;
            for (auto at = boost::asio::buffer_sequence_begin(buffers);
                 at != boost::asio::buffer_sequence_end(buffers); ++at) {
                const boost::asio::const_buffer piece(*at);
                if (!sink_.file) {
                    sink_.text.append(static_cast<const char*>(piece.data()), piece.size());
                } else if (std::fwrite(piece.data(), 1, piece.size(), sink_.file.get()) != piece.size()) {
                    error = boost::system::error_code(errno, boost::system::system_category());
                    return taken;
                }
                taken += piece.size();
            }
            return taken;
        }

        void finish(boost::system::error_code& error) {
            error = {};
            if (sink_.file && std::fflush(sink_.file.get()) != 0) {
                error = boost::system::error_code(errno, boost::system::system_category());
            }
        }

      private:
        value_type& sink_;
    };
};

}  // namespace pic::http
