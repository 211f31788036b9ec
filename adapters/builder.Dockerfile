# Everything that is compiled, once, for all images: the C++ programs and CoreDNS, in /out. Only its result goes on.
ARG BASE=debian:bookworm-slim
FROM ${BASE}
COPY tools/deps.sh tools/go.sh /src/tools/
WORKDIR /src
RUN tools/deps.sh build run && rm -rf /var/lib/apt/lists/*
COPY . .
RUN cmake --preset release -DPIC_TESTS=OFF \
    && cmake --build --preset release --target picd pic-agent picctl pic-broker pic-archive \
    && tools/build-coredns.sh
# /out/<what an image copies>/...
RUN tools/stack/collect.sh build/release build/coredns/coredns /out
