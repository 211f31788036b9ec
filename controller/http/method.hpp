// Beast's verbs as our methods.
#pragma once

#include <boost/beast/http/verb.hpp>

#include "controller/http/message.hpp"

namespace pic::http {

inline Method method_of(boost::beast::http::verb verb) {
    using V = boost::beast::http::verb;
    switch (verb) {
        case V::get:
            return Method::get;
        case V::head:
            return Method::head;
        case V::put:
            return Method::put;
        case V::post:
            return Method::post;
        case V::patch:
            return Method::patch;
        case V::delete_:
            return Method::remove;
        case V::options:
            return Method::options;
        default:
            return Method::other;
    }
}

}  // namespace pic::http
