// A page of the system's Chromium that shows JupyterLab or a file.
'use strict';
const path = require('node:path');
const { chromium } = require('playwright-core');

const patience = 180000; // ms; a busy machine compiles a cell in many seconds

function tell(event, facts) {
  console.log(JSON.stringify({ event, ...facts }));
}

// No name but the loopback address resolves: a page that wants the network is caught and cannot have it.
function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1'],
  });
}

// In the browser: what the functions below need of JupyterLab, which opens its application with --expose-app-in-browser.
function kernelStatus() {
  const context = window.jupyterapp?.shell.currentWidget?.sessionContext;
  return context?.session?.kernel?.status;
}

function readCells() {
  return window.jupyterapp.shell.currentWidget.content.widgets.filter((c) => c.model.type === 'code').map((c) => ({
    source: c.model.sharedModel.source,
    count: c.model.executionCount,
    prompt: c.inputArea?.promptNode?.textContent ?? '',
    outputs: c.model.outputs.toJSON().map((o) => ({
      type: o.output_type,
      text: [].concat(o.text ?? o.evalue ?? o.data?.['text/html'] ?? o.data?.['text/plain'] ?? '').join(''),
      mime: Object.keys(o.data ?? {}),
    })),
    shown: c.outputArea.node.innerText,
    pictures: [...c.outputArea.node.querySelectorAll('img, svg')].filter((e) => e.tagName !== 'IMG' || (e.complete && e.naturalWidth > 0)).length,
  }));
}

// The progress lines that are on the page now, newest last.
function panelLines() {
  return [...document.querySelectorAll('.jp-OutputArea-output progress')].map((e) => e.parentElement.textContent.trim());
}

class Page {
  constructor(context, folder) {
    this.context = context;
    this.folder = folder;
    this.requests = [];
    this.errors = [];
    context.on('request', (r) => this.requests.push(r.url()));
    context.on('weberror', (e) => this.errors.push(String(e.error().message)));
  }

  async open(url) {
    this.page = await this.context.newPage();
    this.page.setDefaultTimeout(patience);
    this.page.on('websocket', (s) => this.requests.push(s.url()));
    await this.page.goto(url);
  }

  network() {
    return { requests: [...new Set(this.requests.map((u) => u.replace(/^(data:.{20}).*/s, '$1')))], errors: this.errors };
  }

  status() {
    return this.page.evaluate(kernelStatus);
  }

  async ready() {
    await this.page.waitForFunction(`['idle', 'busy'].includes((${kernelStatus})())`);
    await this.page.waitForSelector('.jp-Notebook .jp-CodeCell');
  }

  // A kernel may be idle for a moment between two cells: it must stay so, and the page must agree that no cell waits.
  async idle() {
    const idle = `(${kernelStatus})() === 'idle' && ![...document.querySelectorAll('.jp-InputPrompt')].some((e) => e.textContent.includes('*'))`;
    do {
      await this.page.waitForFunction(idle);
      await this.page.waitForTimeout(500);
    } while (!await this.page.evaluate(idle));
  }

  async command(name, cell) {
    await this.page.evaluate(([name, cell]) => {
      const app = window.jupyterapp;
      if (cell !== undefined) {
        const notebook = app.shell.currentWidget.content;
        notebook.activeCellIndex = notebook.widgets.indexOf(notebook.widgets.filter((c) => c.model.type === 'code')[cell]);
        notebook.deselectAll();
      }
      window.finished = app.commands.execute(name).then(() => true);
    }, [name, cell]);
  }

  async finished() {
    await this.page.waitForFunction(() => window.finished);
  }

  async runAll() {
    await this.command('runmenu:run-all');
    await this.finished();
  }

  async runCell(i) {
    await this.command('notebook:run-cell', i);
    await this.finished();
    await this.idle();
  }

  async save() {
    await this.command('docmanager:save');
    await this.finished();
  }

  async toolbar(command) {
    await this.page.locator(`[data-command="${command}"]`).first().click();
  }

  async reload() {
    await this.page.reload();
    await this.ready();
  }

  // The restart button asks first.
  async restart() {
    await this.toolbar('notebook:restart-kernel');
    await this.page.locator('.jp-Dialog .jp-mod-accept').click();
    await this.page.waitForFunction(`(${kernelStatus})() !== 'idle'`);
    await this.page.waitForFunction(`(${kernelStatus})() === 'idle'`);
  }

  // Waits until a cell's newest panel (any cell's, without an index) has shown three different states.
  async panelMoves(cell) {
    await this.page.evaluate(() => { window.moves = new Set(); });
    await this.page.waitForFunction((cell) => {
      const cells = window.jupyterapp.shell.currentWidget.content.widgets.filter((c) => c.model.type === 'code');
      const nodes = cell === undefined ? [document] : [cells[cell].outputArea.node];
      for (const e of nodes.flatMap((n) => [...n.querySelectorAll('.jp-OutputArea-output progress')])) {
        window.moves.add(e.parentElement.textContent.replace(/^(iteration [\d,]+).*/, '$1'));
      }
      return window.moves.size >= 3;
    }, cell, { polling: 50 });
  }

  // Collects every state of the panels from now on.
  watchPanels() {
    const seen = new Set();
    let going = true;
    const watching = (async () => {
      while (going) {
        (await this.page.evaluate(panelLines)).forEach((line) => seen.add(line));
        await this.page.waitForTimeout(50);
      }
    })();
    return {
      async stop() {
        going = false;
        await watching;
        return [...seen];
      },
    };
  }

  cells() {
    return this.page.evaluate(readCells);
  }

  // Without scripts the page cannot be asked: the protocol's own snapshot of the document can.
  async describe() {
    const images = await this.page.locator('img').all();
    const boxes = await Promise.all(images.map((i) => i.boundingBox()));
    return {
      text: await this.page.locator('body').innerText(),
      images: boxes.filter((b) => b && b.width > 1 && b.height > 1).length,
      charts: await this.page.locator('svg, img[src^="data:image/svg"]').count(),
      formulas: await this.page.locator('math').count(),
      scripts: await this.page.locator('script').count(),
    };
  }

  async shot(name, fullPage = false) {
    if (!fullPage) {
      await this.page.evaluate(() => document.querySelector('.jp-Notebook .jp-mod-active .jp-OutputArea-output')?.scrollIntoView({ block: 'nearest' }));
    }
    await this.page.waitForTimeout(300); // let the page draw what has just arrived
    const file = path.join(this.folder, name + '.png');
    await this.page.screenshot({ path: file, fullPage });
    tell('screenshot', { file });
  }
}

module.exports = { Page, launch, tell };
