# What all images begin with: Debian, and where its packages come from. A host without a registry names another BASE, one behind
# a mirror its address as APT_MIRROR (in the place of http://deb.debian.org).
ARG BASE=debian:bookworm-slim
FROM ${BASE}
ARG APT_MIRROR=
ENV DEBIAN_FRONTEND=noninteractive
RUN [ -z "${APT_MIRROR}" ] || find /etc/apt -name '*.list' -o -name '*.sources' | xargs sed -i "s|https\?://deb.debian.org|${APT_MIRROR}|"
# What apt would keep beside the packages themselves, 80 MB a layer, and fetch in other languages; and no sync(2) for each file of
# a layer that is either whole or not there.
RUN printf 'Dir::Cache::pkgcache "";\nDir::Cache::srcpkgcache "";\nAPT::Keep-Downloaded-Packages "false";\nAcquire::Languages "none";\n' \
        >/etc/apt/apt.conf.d/pic \
    && echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/pic
RUN dpkg --status ca-certificates >/dev/null 2>&1 \
    || { apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*; }
