// Prints tickets with pdfkit: the data's file is the argument, then a line of input is a job ("alone 10", "book 1000",
// "save FILE 1") and a line of output the answer, how many bytes were made.
'use strict'
const fs = require('fs')
const readline = require('readline')
const PDFDocument = require('pdfkit')

const data = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'))
const regular = fs.readFileSync(data.regular)
const bold = fs.readFileSync(data.bold)
const logo = fs.readFileSync(data.logo)
const mm = 72 / 25.4

function bars(doc, code, x, y, w, h) {
  const mw = w / code.w
  const mh = h / code.h
  for (const [bx, by, bw, bh] of code.bars) doc.rect((x + bx * mw) * mm, (y + by * mh) * mm, bw * mw * mm, bh * mh * mm)
  doc.fill('black')
}

function page(doc, t) {
  doc.addPage()
  doc.image(logo, 15 * mm, 12 * mm, { width: 45 * mm, height: 15 * mm })
  doc.fillColor('black').font('bold').fontSize(24).text(t.title, 15 * mm, 36 * mm, { lineBreak: false })
  t.fields.forEach(([label, value], i) => {
    doc.font('regular').fontSize(9).text(label, 15 * mm, (58 + 9 * i) * mm, { lineBreak: false })
    doc.font('bold').fontSize(12).text(value, 40 * mm, (57 + 9 * i) * mm, { lineBreak: false })
  })
  bars(doc, t.qr, 150, 54, 40, 40)
  bars(doc, t.code128, 45, 125, 120, 20)
  doc.font('regular').fontSize(8).text(data.terms, 15 * mm, 165 * mm, { width: 180 * mm })
}

function file(tickets) {
  return new Promise((resolve, reject) => {
    const doc = new PDFDocument({ size: 'A4', autoFirstPage: false, compress: true, font: null })
    const parts = []
    doc.on('data', (b) => parts.push(b))
    doc.on('end', () => resolve(Buffer.concat(parts)))
    doc.on('error', reject)
    doc.registerFont('regular', regular)
    doc.registerFont('bold', bold)
    for (const t of tickets) page(doc, t)
    doc.end()
  })
}

let next = 0
const some = (n) => Array.from({ length: n }, () => data.tickets[next++ % data.tickets.length])

async function answer(line) {
  const [job, ...rest] = line.split(' ')
  if (job === 'alone') {
    let bytes = 0
    for (let i = 0; i < Number(rest[0]); i++) bytes += (await file(some(1))).length
    return bytes
  }
  if (job === 'book') return (await file(some(Number(rest[0])))).length
  next = 0
  const made = await file(some(Number(rest[1])))
  fs.writeFileSync(rest[0], made)
  return made.length
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write((await answer(line)) + '\n')
  }
}

main()
