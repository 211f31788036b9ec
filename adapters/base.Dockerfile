# What all images begin with: Debian, and where its packages come from. A host without a registry names another BASE, one behind
# a mirror its address as APT_MIRROR (in the place of http://deb.debian.org).
ARG BASE=debian:bookworm-slim
FROM ${BASE}
ARG APT_MIRROR=
ENV DEBIAN_FRONTEND=noninteractive
RUN [ -z "${APT_MIRROR}" ] || find /etc/apt -name '*.list' -o -name '*.sources' | xargs sed -i "s|https\?://deb.debian.org|${APT_MIRROR}|"
# What apt would keep beside the packages themselves, 80 MB a layer.
RUN printf 'Dir::Cache::pkgcache "";\nDir::Cache::srcpkgcache "";\nAPT::Keep-Downloaded-Packages "false";\n' >/etc/apt/apt.conf.d/pic
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
