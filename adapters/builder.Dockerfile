# Everything that is compiled, once, for all images: the C++ programs, CoreDNS and the web interface, in /out. Only its result
# goes on.
ARG IMAGES=cell
FROM ${IMAGES}/base
COPY tools/deps.sh tools/go.sh /src/tools/
WORKDIR /src
# Where Node and Go take packages from, for hosts behind mirrors. Node trusts its own list of authorities; the system's is the
# one that a host can add to.
ARG NPM_CONFIG_REGISTRY=https://registry.npmjs.org/
ARG GOPROXY=https://proxy.golang.org,direct
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
RUN tools/deps.sh build run && rm -rf /var/lib/apt/lists/*
COPY . .
# As many compilers at once as there are processors and gigabytes of memory: a cell is at home on a machine with two.
RUN cmake --preset release -DPIC_TESTS=OFF \
    && jobs=$(awk -v cores="$(nproc)" '$1 == "MemAvailable:" { n = int($2 / 1000000); print n < 1 ? 1 : n < cores ? n : cores }' /proc/meminfo) \
    && cmake --build --preset release -j "$jobs" --target picd pic-agent picctl pic-broker pic-archive \
    && tools/build-coredns.sh \
    && tools/build-webui.sh
# /out/<what an image copies>/...
RUN tools/stack/collect.sh build/release build/coredns/coredns webui/dist /out
