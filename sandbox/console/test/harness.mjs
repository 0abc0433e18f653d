// A sandbox, a merchant's program that calls it, and a browser.
import { spawn } from "node:child_process";
import { connect } from "node:net";
import { finished } from "node:stream/promises";
import { createInterface } from "node:readline";
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

export class Sandbox {
    static async start(...options) {
        const program = process.env.KEYSECURE_SANDBOX;
        if (!program) throw new Error("KEYSECURE_SANDBOX must name the program keysecure-sandbox");
        const child = spawn(program, ["serve", "--exit-with-stdin", ...options], {
            stdio: ["pipe", "pipe", "inherit"],
        });
        const line = await new Promise((resolve, reject) => {
            createInterface({ input: child.stdout }).once("line", resolve);
            child.once("exit", (code) => reject(new Error(`the sandbox ended with ${code}`)));
        });
        return new Sandbox(child, JSON.parse(line));
    }

    constructor(child, info) {
        this.child = child;
        this.info = info;
        this.url = info.console_url;
    }

    async stop() {
        const ended = new Promise((resolve) => this.child.once("exit", resolve));
        this.child.stdin.end();
        await ended;
    }

    /** A control call. */
    async control(path, body = {}) {
        const response = await fetch(this.info.control_url + path, { method: "POST", body: JSON.stringify(body) });
        const value = await response.json();
        if (!response.ok) throw new Error(`${path}: ${value.error}`);
        return value;
    }

    /** A call of the platform as a merchant's program makes it. The response may not come. */
    async call(method, path, body, headers = {}) {
        if (!this.token && path !== "/v1/merchant/token") {
            this.token = "none";
            const { data } = await this.call("GET", "/v1/merchant/token");
            this.token = data.access_token;
        }
        const { now_ms } = await (await fetch(`${this.info.control_url}/clock`)).json();
        const response = await fetch(`${this.info.base_url}/open-api${path}`, {
            method,
            headers: {
                "Api-Key": this.info.api_key,
                Timestamp: String(now_ms),
                "Content-Type": "application/json",
                "Access-Token": this.token ?? "",
                "User-Agent": "shop/1.0",
                ...headers,
            },
            ...(body && { body: JSON.stringify(body) }),
        }).catch(() => undefined);
        const answer = await response?.json().catch(() => undefined);
        if (answer?.code === 1007 && path !== "/v1/merchant/token") {
            // A token is valid for a day of virtual time.
            this.token = undefined;
            return this.call(method, path, body, headers);
        }
        return answer;
    }

    /** Sends that many requests on one connection, without waiting for each response. */
    async load(count) {
        const { hostname, port } = new URL(this.info.base_url);
        const socket = connect(Number(port), hostname);
        const head = "GET /open-api/v1/load HTTP/1.1\r\nHost: localhost\r\n";
        socket.write(`${`${head}\r\n`.repeat(count - 1)}${head}Connection: close\r\n\r\n`);
        // The server closes the connection after the last response.
        await finished(socket.resume());
    }

    /** A merchant with cardholders, cards, purchases, refusals, faults and webhooks of several days. */
    async fill() {
        await this.control("/callbacks/settings", { url: `${this.info.control_url}/callbacks/sink` });
        await this.control("/clock/rewind", { ms: 6 * 86_400_000 });
        const shops = ["Corner Shop", "Harbour Books", "City Transit", "Blue Bottle", "Night Market", "North Grocers"];
        const cards = [];
        const day = () => this.control("/clock/advance", { ms: 5 * 3_600_000 + 1_234_567 });
        for (const [at, reference] of ["user-ada", "user-lin", "user-omar", "user-mei"].entries()) {
            const { data } = await this.call("POST", "/v1/cardholder/apply", {
                cardholder_unique_no: reference,
                sumsub_share_token: "auto-approve-1",
            });
            const holder = data.cardholder_no;
            await this.call("POST", "/v1/account/transfer", {
                cardholder_no: holder,
                transfer_unique_no: `${reference}-topup`,
                type: "In",
                balance: `${500 + 250 * at}.00`,
            });
            const card = await this.call("POST", "/v1/card/apply", {
                cardholder_no: holder,
                card_unique_no: `${reference}-card`,
                card_type: "Virtual",
                package_no: "1600000000000000101",
            });
            cards.push({ holder, card: card.data.card_no });
            await day();
        }
        await this.call("POST", "/v1/cardholder/apply", {
            cardholder_unique_no: "user-noor",
            sumsub_share_token: "documents",
        });
        await this.call("POST", "/v1/cardholder/apply", {
            cardholder_unique_no: "user-ivan",
            sumsub_share_token: "auto-reject",
        });
        for (let round = 0; round < 18; round++) {
            const { card, holder } = cards[round % cards.length];
            const auth = await this.call("POST", "/v1/simulate/auth", {
                card_no: card,
                amount: `${(11 + ((round * 37) % 83)).toFixed(0)}.${String((round * 29) % 100).padStart(2, "0")}`,
                merchant_info: {
                    merchant_name: shops[round % shops.length],
                    merchant_mcc: "5411",
                    city: "New York",
                    country: "US",
                },
            });
            const no = auth?.data?.consume_no;
            if (round % 6 === 5)
                await this.call("POST", "/v1/simulate/consumption_fail", {
                    consume_no: no,
                    remark: "declined by the channel",
                });
            else if (round % 6 !== 4) await this.call("POST", "/v1/simulate/consumption_clear", { consume_no: no });
            if (round % 6 === 2)
                await this.call("POST", "/v1/simulate/refund", { consume_relate_no: no, amount: "5.00" });
            if (round % 5 === 0)
                await this.call("POST", "/v1/account/transfer", {
                    cardholder_no: holder,
                    transfer_unique_no: `topup-${round}`,
                    type: "In",
                    balance: "120.00",
                });
            if (round % 3 === 0) await this.call("GET", `/v1/card/${card}/detail`);
            if (round % 3 === 1) await this.call("POST", "/v1/card/package/list", {});
            await this.control("/clock/advance", { ms: 4 * 3_600_000 + round * 345_678 });
        }
        await this.call("POST", "/v1/card/status/update", { card_no: cards[3].card, status: "Frozen" });
        await this.call("GET", `/v1/card/${cards[0].card}/private/info`);
        await this.call("POST", "/v1/account/transfer", {
            cardholder_no: "17",
            transfer_unique_no: "x",
            type: "In",
            balance: "1.00",
        });
        await this.control("/faults", { operation: "accounts.transfer", kind: "drop_after_commit" });
        await this.call("POST", "/v1/account/transfer", {
            cardholder_no: cards[1].holder,
            transfer_unique_no: "lost-response",
            type: "In",
            balance: "75.00",
        });
        await this.control("/faults", { operation: "cards.get", kind: { http_status: [503, 2] } });
        await this.call("GET", `/v1/card/${cards[1].card}/detail`);
        await this.control("/callbacks/faults", { kind: "wrong_signature" });
        await this.call("POST", "/v1/simulate/auth", {
            card_no: cards[0].card,
            amount: "23.90",
            merchant_info: { merchant_name: "Harbour Books", merchant_mcc: "5942", city: "Boston", country: "US" },
        });
        await this.control("/callbacks/settle", { ms: 5000 });
        return cards;
    }
}

/** Debian's Chromium, or the one that CHROMIUM names. */
export function chromiumPath() {
    const known = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    const found = known.find((path) => path && existsSync(path));
    if (!found) throw new Error("Chromium is not installed");
    return found;
}

export function launch() {
    return chromium.launch({
        executablePath: chromiumPath(),
        args: ["--no-sandbox", "--disable-gpu", "--force-color-profile=srgb", "--font-render-hinting=none"],
    });
}
