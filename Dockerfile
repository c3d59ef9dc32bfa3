# syntax=docker/dockerfile:1
# Two stages: the toolchain stays behind, the image holds the program and the roots of TLS.

FROM rust:1.95-bookworm AS build
WORKDIR /build
COPY . .
# --locked: the versions that were tested. The caches stay with the builder.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/build/target \
    cargo build --profile dist --features dist --locked --bin nayose && cp target/dist/nayose /nayose

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/nayose --shell /usr/sbin/nologin nayose \
    && install -d -o nayose -g nayose -m 0700 /var/lib/nayose && install -d /etc/nayose
COPY --from=build /nayose /usr/local/bin/nayose

# The config folder, read only; systems.toml there says [state] url = "sled:/var/lib/nayose".
VOLUME ["/etc/nayose", "/var/lib/nayose"]
USER nayose
WORKDIR /var/lib/nayose
EXPOSE 8642
# SIGTERM ends it within 10 s, which is also how long Docker waits.
STOPSIGNAL SIGTERM
# Asks the daemon over its socket: healthy is one that answers, 0 (protecting) or 1 (not). Whether people are protected is an alarm's business
# (/metrics), not a restart's.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD nayose --config /etc/nayose status --json || [ $? -eq 1 ]
ENTRYPOINT ["nayose", "--config", "/etc/nayose"]
CMD ["run"]
