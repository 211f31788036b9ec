# What every service's image stands on: the libraries that the agent needs, and its surroundings. A service's own Dockerfile
# adds its packages and then the agent, the first process, so that a new version of ours changes the last layer alone. The
# folders are mounts or memory: the root file system stays read-only. (Memory at /run takes the mode that /run has here.) `pic` (900) is who a service runs as that needs no root.
ARG IMAGES=cell
FROM ${IMAGES}/base
RUN apt-get update && apt-get install -y --no-install-recommends \
        libfmt9 libidn2-0 libsimdjson14 libsodium23 libspdlog1.10 libssl3 libzmq5 iproute2 \
    && rm -rf /var/lib/apt/lists/* && mkdir -p /var/lib/pic /var/lib/pic-enrol && chmod 1777 /run \
    && groupadd --gid 900 pic && useradd --uid 900 --gid 900 --no-create-home --home-dir /var/lib/pic --shell /usr/sbin/nologin pic
ENV PIC_DATA=/var/lib/pic PIC_CONTROLLER=http://api:3000 PIC_ENROLMENT_TOKEN_FILE=/var/lib/pic-enrol/agent-token \
    PIC_NAMESPACE=none PIC_LOG_FORMAT=json PIC_HEALTH_FILE=/run/pic-health
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 CMD ["/usr/lib/pic/pic-agent", "--check-health"]
ENTRYPOINT ["/usr/lib/pic/pic-agent"]
